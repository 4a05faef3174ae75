import type { Kind } from "../files/kind";

/** In bytes. What a page sends itself stays far below (see still). */
export const largestStill = 12_000_000;
/** As many as browsers on phones decode and draw without trouble, iOS being the narrowest. */
export const mostPixels = 16_000_000;
export const longestSide = 8_192;
/** Passes of a progressive picture; encoders make about ten, and each costs the whole picture's time. */
const mostScans = 20;

const jpeg: Kind = { endings: ["jpg"], type: "image/jpeg", shown: true };

/** The kind of a still that may be shown: a JPEG whose size is known to be bearable before anything decodes it. */
export async function stillKind(file: Blob): Promise<Kind | undefined> {
  if (file.size > largestStill) return undefined;
  return isBearable(new Uint8Array(await file.arrayBuffer())) ? jpeg : undefined;
}

/** Reads the markers as decoders do (ITU-T T.81 §B): exactly one frame, within bounds, in a bearable number of scans. */
function isBearable(data: Uint8Array): boolean {
  const word = (at: number): number => ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  if (word(0) !== 0xffd8) return false;
  let frames = 0;
  let scans = 0;
  for (let at = 2; at + 4 <= data.length;) {
    if (data[at] !== 0xff) return false;
    const marker = data[at + 1] ?? 0;
    if (marker === 0xff) {
      at++; // filled up
      continue;
    }
    if (!isKnown(marker)) return false;
    const size = word(at + 2);
    if (size < 2) return false;
    if (isFrame(marker)) {
      if (++frames > 1 || marker > 0xc2 || !fits(word(at + 7), word(at + 5))) return false;
    }
    at += 2 + size;
    if (marker !== 0xda) continue;
    if (++scans > mostScans) return false;
    at = afterScan(data, at);
    if (word(at) === 0xffd9) return frames === 1;
  }
  return false; // cut off
}

/**
 * Frames and tables of Huffman, quantisation, restarts, scans, and what says no more about the picture. Not a second
 * picture, the end without any, a height that comes only afterwards; nor what has no length (RST, TEM, a zero): where
 * one reader goes on by two bytes and the other by a length, they read two pictures.
 */
function isKnown(marker: number): boolean {
  const tables = [0xc4, 0xda, 0xdb, 0xdd, 0xfe];
  return isFrame(marker) || tables.includes(marker) || (marker >= 0xe0 && marker <= 0xef);
}

/** SOF0 to SOF15 without the three that are none. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function fits(width: number, height: number): boolean {
  return (
    width > 0 && height > 0 && width <= longestSide && height <= longestSide && width * height <= mostPixels
  );
}

/** Where the coded data of a scan is over: at a marker that is neither a filled byte nor a restart. */
function afterScan(data: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = data.indexOf(0xff, at);
    if (at < 0) return data.length;
    const next = data[at + 1] ?? 0xd9;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
}
