/** As much of a TrueType font as a PDF needs (Apple TrueType Reference Manual): which letters it has, how wide, and their outlines. */
export class Font {
  readonly unitsPerEm: number;
  readonly box: readonly number[];
  readonly ascent: number;
  readonly descent: number;
  private readonly tables = new Map<string, DataView>();
  private readonly glyphs: ReadonlyMap<number, number>;
  private readonly widths: number;

  constructor(bytes: ArrayBuffer) {
    const file = new DataView(bytes);
    for (let at = 12; at < 12 + 16 * file.getUint16(4); at += 16) {
      const tag = String.fromCharCode(...new Uint8Array(bytes, at, 4));
      this.tables.set(tag, new DataView(bytes, file.getUint32(at + 8), file.getUint32(at + 12)));
    }
    const [head, hhea] = [this.table("head"), this.table("hhea")];
    this.unitsPerEm = head.getUint16(18);
    this.box = [36, 38, 40, 42].map((at) => head.getInt16(at));
    this.ascent = hhea.getInt16(4);
    this.descent = hhea.getInt16(6);
    this.widths = hhea.getUint16(34);
    this.glyphs = letters(this.table("cmap"));
  }

  /** Undefined for a letter that the font has not. */
  glyph(letter: number): number | undefined {
    return this.glyphs.get(letter);
  }

  /** In units of the font. */
  width(glyph: number): number {
    return this.table("hmtx").getUint16(4 * Math.min(glyph, this.widths - 1));
  }

  /** The same font with the outlines of these glyphs only, each under its number. */
  with(used: Iterable<number>): Uint8Array<ArrayBuffer> {
    const kept = new Set([0, ...used]);
    for (const glyph of kept) for (const part of this.parts(glyph)) kept.add(part); // a set goes on with what is added
    const count = this.table("maxp").getUint16(4);
    const places = new DataView(new ArrayBuffer(4 * (count + 1)));
    const outlines: Uint8Array[] = [];
    let at = 0;
    for (let glyph = 0; glyph < count; glyph++) {
      places.setUint32(4 * glyph, at);
      if (!kept.has(glyph)) continue;
      const outline = this.outline(glyph);
      outlines.push(new Uint8Array(outline.buffer, outline.byteOffset, outline.byteLength));
      at += outline.byteLength;
    }
    places.setUint32(4 * count, at);
    const bytes = (view: DataView): Uint8Array =>
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return fontOf([
      ["glyf", joined(outlines)],
      ...["head", "hhea", "hmtx"].map((tag): [string, Uint8Array] => [tag, bytes(this.table(tag))]),
      ["loca", bytes(places)],
      ["maxp", bytes(this.table("maxp"))],
    ]);
  }

  private table(tag: string): DataView {
    const table = this.tables.get(tag);
    if (!table) throw new Error(`font: no ${tag}`);
    return table;
  }

  /** Our fonts have long places, each of a multiple of four bytes (scripts/reduce-font.mjs). */
  private outline(glyph: number): DataView {
    const [loca, glyf] = [this.table("loca"), this.table("glyf")];
    const from = loca.getUint32(4 * glyph);
    return new DataView(glyf.buffer, glyf.byteOffset + from, loca.getUint32(4 * glyph + 4) - from);
  }

  /** Of which others a glyph is put together. */
  private parts(glyph: number): number[] {
    const outline = this.outline(glyph);
    const parts: number[] = [];
    if (outline.byteLength === 0 || outline.getInt16(0) >= 0) return parts;
    for (let at = 10, more = true; more;) {
      const flags = outline.getUint16(at);
      parts.push(outline.getUint16(at + 2));
      at += 4 + (flags & 1 ? 4 : 2) + (flags & 8 ? 2 : flags & 0x40 ? 4 : flags & 0x80 ? 8 : 0);
      more = (flags & 0x20) !== 0;
    }
    return parts;
  }
}

/** Our fonts have one table of letters, in groups (format 12). */
function letters(cmap: DataView): Map<number, number> {
  const found = new Map<number, number>();
  const table = cmap.getUint32(8);
  if (cmap.getUint16(table) !== 12) throw new Error("font: letters of another kind");
  const groups = cmap.getUint32(table + 12);
  for (let at = table + 16; at < table + 16 + 12 * groups; at += 12) {
    const [first, last, glyph] = [cmap.getUint32(at), cmap.getUint32(at + 4), cmap.getUint32(at + 8)];
    for (let letter = first; letter <= last; letter++) found.set(letter, glyph + letter - first);
  }
  return found;
}

function fontOf(tables: readonly [string, Uint8Array][]): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(12 + 16 * tables.length));
  const step = 2 ** Math.floor(Math.log2(tables.length));
  head.setUint32(0, 0x10000);
  head.setUint16(4, tables.length);
  head.setUint16(6, 16 * step);
  head.setUint16(8, Math.log2(step));
  head.setUint16(10, 16 * (tables.length - step));
  let place = head.byteLength;
  const parts: Uint8Array[] = [new Uint8Array(head.buffer)];
  tables.forEach(([tag, bytes], at) => {
    const padded = new Uint8Array(4 * Math.ceil(bytes.length / 4));
    padded.set(bytes);
    const entry = 12 + 16 * at;
    for (let n = 0; n < 4; n++) head.setUint8(entry + n, tag.charCodeAt(n));
    head.setUint32(entry + 4, sumOf(padded));
    head.setUint32(entry + 8, place);
    head.setUint32(entry + 12, bytes.length);
    place += padded.length;
    parts.push(padded);
  });
  return joined(parts);
}

function sumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum = (sum + view.getUint32(at)) >>> 0;
  return sum;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
