import type { Network } from "./network";
import { sized, within } from "./words";

/** Persons are looked for at most this often, in ms, and in no more than this share of the time. */
const restMs = 60;
const share = 0.5;
/** How much of a person's outline stays from the look before: without it the edge would tremble. */
const kept = 0.4;
/** The background is made this much smaller and large again. */
const coarseness = 24;

function canvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  return context;
}

/** Draws pictures whose background is blurred. Before a person was found once, all of a picture is background. */
export class Painter {
  private readonly small: OffscreenCanvasRenderingContext2D;
  private readonly mask: OffscreenCanvasRenderingContext2D;
  private readonly outline: ImageData;
  private readonly whole = canvas(2, 2);
  private readonly person = canvas(2, 2);
  private readonly coarse = canvas(2, 2);
  private rested = 0;

  constructor(private readonly network: Network) {
    const { columns, rows } = network.input;
    this.small = canvas(columns, rows);
    this.mask = canvas(columns, rows);
    this.outline = this.mask.createImageData(columns, rows);
  }

  paint(frame: VideoFrame, now: () => number): OffscreenCanvas {
    const size = sized({ width: frame.displayWidth, height: frame.displayHeight });
    const at = within(size, this.small.canvas);
    if (now() >= this.rested) {
      const begun = now();
      this.look(frame, at);
      this.rested = now() + Math.max(restMs, (now() - begun) * (1 / share - 1));
    }
    for (const { canvas: one } of [this.whole, this.person]) fit(one, size);
    const { width, height } = size;
    this.blur(frame, size);
    this.person.globalCompositeOperation = "copy";
    this.person.drawImage(this.mask.canvas, at.x, at.y, at.width, at.height, 0, 0, width, height);
    this.person.globalCompositeOperation = "source-in";
    this.person.drawImage(frame, 0, 0, width, height);
    this.whole.drawImage(this.person.canvas, 0, 0);
    return this.whole.canvas;
  }

  private blur(frame: VideoFrame, { width, height }: { width: number; height: number }): void {
    const few = { width: Math.ceil(width / coarseness), height: Math.ceil(height / coarseness) };
    fit(this.coarse.canvas, few);
    this.coarse.imageSmoothingQuality = "high";
    this.coarse.drawImage(frame, 0, 0, few.width, few.height);
    this.whole.imageSmoothingQuality = "high";
    this.whole.drawImage(this.coarse.canvas, 0, 0, width, height);
  }

  /** Finds the persons in a picture, and keeps their outline as the opacity of a mask. */
  private look(frame: VideoFrame, at: { x: number; y: number; width: number; height: number }): void {
    const { columns, rows, values } = this.network.input;
    this.small.clearRect(0, 0, columns, rows);
    this.small.drawImage(frame, at.x, at.y, at.width, at.height);
    const { data } = this.small.getImageData(0, 0, columns, rows);
    for (let i = 0, v = 0; i < data.length; i += 4, v += 3) {
      values[v] = (data[i] ?? 0) / 255;
      values[v + 1] = (data[i + 1] ?? 0) / 255;
      values[v + 2] = (data[i + 2] ?? 0) / 255;
    }
    this.network.run();
    const found = this.network.output.values;
    const opacity = this.outline.data;
    for (let i = 0; i < found.length; i++)
      opacity[4 * i + 3] = (found[i] ?? 0) * 255 * (1 - kept) + (opacity[4 * i + 3] ?? 0) * kept;
    this.mask.putImageData(this.outline, 0, 0);
  }
}

function fit(one: OffscreenCanvas, { width, height }: { width: number; height: number }): void {
  if (one.width !== width) one.width = width;
  if (one.height !== height) one.height = height;
}
