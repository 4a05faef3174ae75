import { describe, expect, it } from "vitest";
import { linesOf, linesShown } from "./shown";

describe("how large a picture is shown", () => {
  const wide = { videoWidth: 1280, videoHeight: 720, density: 1 };

  it("is what of it fits, or what fills the frame with its sides cut off", () => {
    expect(linesShown({ ...wide, width: 640, height: 800, cover: false })).toBe(360);
    expect(linesShown({ ...wide, width: 390, height: 390, cover: true })).toBe(390);
  });

  it("is counted in pixels of the screen, not of the page", () => {
    expect(linesShown({ ...wide, width: 640, height: 360, cover: false, density: 2 })).toBe(720);
  });

  it("is not known before there is a picture", () => {
    expect(linesShown({ ...wide, videoHeight: 0, width: 640, height: 360, cover: false })).toBeUndefined();
    expect(linesShown({ ...wide, width: 0, height: 0, cover: false })).toBeUndefined();
  });

  it("is at least a face and at most a screen, whatever the other side says", () => {
    expect(linesOf(1)).toBe(90);
    expect(linesOf(1e12)).toBe(4_320);
    expect(linesOf(411.9)).toBe(411);
    for (const none of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "480", true, null, {}])
      expect(linesOf(none)).toBeUndefined();
  });
});
