import { expect, test } from "vitest";
import { longestSide, mostPixels, stillKind } from "./jpeg";

const segment = (marker: number, ...data: number[]): number[] => [
  0xff,
  marker,
  (data.length + 2) >> 8,
  (data.length + 2) & 255,
  ...data,
];
const frame = (width: number, height: number, marker = 0xc0): number[] =>
  segment(marker, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0);
const scan = [...segment(0xda, 1, 1, 0, 0, 63, 0), 0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56];
const end = [0xff, 0xd9];

/** A picture as encoders write it, without the tables, which nobody asks about here. */
const picture = (...parts: number[][]): Blob =>
  new Blob([new Uint8Array([0xff, 0xd8, ...segment(0xe0, 1, 2, 3), ...parts.flat()])]);
const shown = async (file: Blob): Promise<boolean> => (await stillKind(file)) !== undefined;

test("a picture of an encoder is shown, also in several scans", async () => {
  expect(await stillKind(picture(frame(3264, 4896), scan, end))).toMatchObject({ type: "image/jpeg" });
  expect(await shown(picture(frame(4000, 4000, 0xc2), scan, segment(0xc4, 0), scan, end))).toBe(true);
  expect(await shown(picture(frame(4000, 4000, 0xc1), [0xff], scan, end))).toBe(true);
});

test.each([
  ["too wide", picture(frame(longestSide + 1, 10), scan, end)],
  ["too high", picture(frame(10, longestSide + 1), scan, end)],
  ["of too many pixels", picture(frame(4001, mostPixels / 4000), scan, end)],
  ["of a height that comes only at the end", picture(frame(100, 0), scan, segment(0xdc, 0xff, 0xff), end)],
  ["that is larger a second time", picture(frame(10, 10), frame(60_000, 60_000), scan, end)],
  ["that is larger after its first scan", picture(frame(10, 10), scan, frame(60_000, 60_000), scan, end)],
  ["that begins anew", picture([0xff, 0xd8], frame(10, 10), scan, end)],
  ["of a kind that no camera makes", picture(frame(10, 10, 0xc9), scan, end)],
  ["without a frame", picture(scan, end)],
  ["without a scan", picture(frame(10, 10), end)],
  [
    "of more scans than anybody needs",
    picture(frame(10, 10, 0xc2), ...Array.from({ length: 21 }, () => scan), end),
  ],
  ["that is cut off", picture(frame(10, 10), scan)],
  ["with something between its parts", picture(frame(10, 10), [0], scan, end)],
  // Whoever takes these two bytes for a marker of its own goes on right after them, and not where the length says.
  ...[0xd0, 0xd7, 0x01, 0x00].map((marker): [string, Blob] => [
    `with ${marker.toString(16)} before its scan`,
    picture([0xff, marker, 0x00, 0x06, 0xff, 0xe0, 0x00, 0x10], frame(10, 10), scan, end),
  ]),
  ["that is none", new Blob(["\x89PNG\r\n\x1a\n"])],
  ["of nothing", new Blob()],
])("INP-05: a picture %s is not decoded", async (_, file) => {
  expect(await shown(file)).toBe(false);
});

test("a file of more bytes than a picture has is not even read", async () => {
  const huge = { size: 12_000_001, arrayBuffer: () => Promise.reject(new Error("read")) };
  expect(await stillKind(huge as unknown as Blob)).toBeUndefined();
});
