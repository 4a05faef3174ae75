import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readModel, UnknownModel } from "./model";
import { Network } from "./network";
import { sized, within } from "./words";

const path = "node_modules/@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite";
const file = (): ArrayBuffer => new Uint8Array(readFileSync(path)).buffer;

/** Somebody as a child would draw them: a head and shoulders before a wall. */
function drawn(person: boolean): Float32Array {
  const [rows, columns] = [144, 256];
  const picture = new Float32Array(rows * columns * 3);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const head = ((x - 128) / 26) ** 2 + ((y - 56) / 34) ** 2 < 1;
      const shoulders = y > 85 && ((x - 128) / 70) ** 2 + ((y - 144) / 55) ** 2 < 1;
      const colour =
        person && head ? [0.85, 0.65, 0.55] : person && shoulders ? [0.15, 0.2, 0.4] : [0.75, 0.76, 0.72];
      picture.set(colour, (y * columns + x) * 3);
    }
  return picture;
}

function found(network: Network, x: number, y: number): number {
  return network.output.values[y * network.output.columns + x] ?? NaN;
}

describe("the network that finds persons", () => {
  it("finds somebody's head and chest, and not the wall", () => {
    const network = new Network(readModel(file()));
    network.input.values.set(drawn(true));
    network.run();
    expect(found(network, 128, 60)).toBeGreaterThan(0.7);
    expect(found(network, 128, 125)).toBeGreaterThan(0.7);
    expect(found(network, 20, 20)).toBeLessThan(0.1);
    expect(found(network, 236, 20)).toBeLessThan(0.1);
  });

  it("finds nobody before an empty wall", () => {
    const network = new Network(readModel(file()));
    network.input.values.set(drawn(false));
    network.run();
    expect(Math.max(...network.output.values)).toBeLessThan(0.1);
  });
});

describe("a model that cannot be computed", () => {
  it("is refused as a whole", () => {
    expect(() => readModel(new ArrayBuffer(64))).toThrow();
    expect(() => readModel(file().slice(0, 100_000))).toThrow();
  });

  it("is refused when a step is not known", () => {
    const bytes = new Uint8Array(file());
    const name = new TextEncoder().encode("Convolution2DTransposeBias");
    const at = bytes.findIndex((_, i) => name.every((letter, n) => bytes[i + n] === letter));
    bytes[at] = 88;
    expect(() => readModel(bytes.buffer)).toThrow(UnknownModel);
  });
});

describe("where a picture lies", () => {
  it("is whole in the model's, also of a telephone held upright", () => {
    const room = { width: 256, height: 144 };
    expect(within({ width: 1280, height: 720 }, room)).toEqual({ x: 0, y: 0, width: 256, height: 144 });
    expect(within({ width: 720, height: 1280 }, room)).toEqual({ x: 87, y: 0, width: 81, height: 144 });
  });

  it("is no larger than a face needs, and even", () => {
    expect(sized({ width: 1280, height: 720 })).toEqual({ width: 960, height: 540 });
    expect(sized({ width: 641, height: 359 })).toEqual({ width: 642, height: 360 });
  });
});
