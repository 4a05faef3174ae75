interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a picture says of its size at its beginning, before anything decodes it; undefined where it says nothing. */
export function sizeOf(data: Uint8Array): Size | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const size = found(data, view);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

function found(data: Uint8Array, view: DataView): Size | undefined {
  if (data.length < 30) return undefined;
  const begins = (mark: string, at = 0): boolean =>
    [...mark].every((c, n) => data[at + n] === c.charCodeAt(0));
  // PNG, W3C 2023 §11.2.1
  if (begins("PNG", 1)) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (begins("GIF8")) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (begins("WEBP", 8)) return webp(view, begins);
  return view.getUint16(0) === 0xffd8 ? jpeg(view) : undefined;
}

/** RFC 9649 §2.5 to §2.7. */
function webp(view: DataView, begins: (mark: string, at: number) => boolean): Size | undefined {
  const low = (at: number, bits: number): number => view.getUint32(at, true) & (2 ** bits - 1);
  if (begins("VP8X", 12)) return { width: low(24, 24) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
  if (begins("VP8L", 12))
    return { width: low(21, 14) + 1, height: ((view.getUint32(21, true) >>> 14) & 0x3fff) + 1 };
  if (begins("VP8 ", 12))
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  return undefined;
}

/** ITU-T T.81 §B.2.2: the largest of all frames, so that a second one hides behind none. */
function jpeg(view: DataView): Size | undefined {
  let largest: Size | undefined;
  for (let at = 2; at + 9 < view.byteLength;) {
    if (view.getUint8(at) !== 0xff) {
      at++; // coded data of a scan
      continue;
    }
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const size = { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
      if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
    }
    at += hasLength(marker) ? 2 + view.getUint16(at + 2) : 1;
  }
  return largest;
}

function hasLength(marker: number): boolean {
  return marker >= 0xc0 && marker < 0xff && !(marker >= 0xd0 && marker <= 0xd9);
}
