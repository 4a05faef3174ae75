import { expect, test } from "vitest";
import { sizeOf } from "./size";

const bytes = (...parts: (string | number[])[]): Uint8Array => {
  const all = parts.flatMap((part) =>
    typeof part === "string" ? Array.from(part, (c) => c.charCodeAt(0)) : part,
  );
  return Uint8Array.from([...all, ...Array<number>(Math.max(0, 40 - all.length)).fill(0)]);
};
const frame = (marker: number, width: number, height: number) => [
  0xff,
  marker,
  0,
  11,
  8,
  height >> 8,
  height & 255,
  width >> 8,
  width & 255,
  1,
  0,
  17,
  0,
];

test.each([
  ["PNG", bytes([0x89], "PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 2, 128, 0, 0, 1, 144])],
  ["GIF", bytes("GIF89a", [0x80, 2, 0x90, 1])],
  ["WebP, lossy", bytes("RIFF....WEBPVP8 ", [0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x90, 1])],
  ["WebP, lossless", bytes("RIFF....WEBPVP8L", [0, 0, 0, 0, 0x2f, 0x7f, 0xc2, 0x63, 0])],
  ["WebP, extended", bytes("RIFF....WEBPVP8X", [10, 0, 0, 0, 0, 0, 0, 0, 0x7f, 2, 0, 0x8f, 1, 0])],
  ["JPEG", bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1], frame(0xc2, 640, 400))],
])("%s says how large it is", (_, data) => {
  expect(sizeOf(data)).toEqual({ width: 640, height: 400 });
});

test("of several frames of a JPEG the largest counts, and what says nothing is no picture", () => {
  const twice = bytes(
    [0xff, 0xd8],
    frame(0xc0, 8, 8),
    [0xff, 0xda, 0, 2, 1, 2, 0xff, 0],
    frame(0xc0, 65_535, 65_535),
  );
  expect(sizeOf(twice)).toEqual({ width: 65_535, height: 65_535 });
  expect(sizeOf(bytes([0xff, 0xd8, 0xff, 0xd9]))).toBeUndefined();
  expect(sizeOf(bytes("RIFF....WEBPnone"))).toBeUndefined();
  expect(sizeOf(new Uint8Array())).toBeUndefined();
});
