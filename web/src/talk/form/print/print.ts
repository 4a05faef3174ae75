import { Font } from "./font";
import { drawn, isOf, type Style, widthOf, wrap } from "./lines";
import { hex, hex16, Objects, type Ref, text } from "./objects";

/** What stands on the paper, from above. */
export interface Paragraph {
  /** What it is to who has it read out. */
  readonly tag: "H1" | "H2" | "P";
  readonly said: string;
  readonly style: "title" | "question" | "small" | "answer";
}

export interface Sheet {
  readonly title: string;
  readonly language: string;
  readonly paragraphs: readonly Paragraph[];
  readonly footer: (page: number, of: number) => string;
}

interface Picture {
  readonly jpeg: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** Draws a line that has letters which our font has not, as the browser would show it. */
export type Draw = (
  said: string,
  style: Style,
  width: number,
  height: number,
) => Promise<Picture | undefined>;

interface Placed {
  readonly said: string;
  readonly style: keyof typeof styles;
  readonly paragraph: number;
  readonly y: number;
}

/** In points; A4 with a margin of two centimetres. */
const [pageWidth, pageHeight, margin] = [595.28, 841.89, 56.7];
const inner = pageWidth - 2 * margin;
const bottom = margin + 20;

const styles = {
  title: { bold: true, size: 18, line: 24, before: 0 },
  question: { bold: true, size: 10.5, line: 14, before: 12 },
  small: { bold: false, size: 9, line: 12, before: 0 },
  answer: { bold: false, size: 11, line: 15, before: 2 },
} as const;

/**
 * A PDF in which the answers are text, and nothing is a field: it can be searched, read out and kept, and nobody types into it.
 * Letters are outlines of our own font; a line with others (Arabic, Chinese, pictures) is a picture that says what it shows.
 */
export async function printed(
  sheet: Sheet,
  files: { readonly regular: ArrayBuffer; readonly bold: ArrayBuffer },
  draw: Draw,
): Promise<Uint8Array<ArrayBuffer>> {
  const fonts = { regular: new Font(files.regular), bold: new Font(files.bold) };
  const pages = placed(sheet.paragraphs, fonts);
  const writer = new Writer(fonts, draw);
  for (const [at, lines] of pages.entries())
    await writer.page(lines, sheet.paragraphs, drawn(sheet.footer(at + 1, pages.length)));
  return writer.finish(sheet);
}

type Fonts = Record<"regular" | "bold", Font>;
const fontFor = (fonts: Fonts, { bold }: Pick<Style, "bold">): Font => (bold ? fonts.bold : fonts.regular);

/** Which line stands where on which page. A question stays with the beginning of its answer. */
function placed(paragraphs: readonly Paragraph[], fonts: Fonts): Placed[][] {
  const pages: Placed[][] = [[]];
  let y = pageHeight - margin;
  paragraphs.forEach(({ said, style }, paragraph) => {
    const { size, line, before } = styles[style];
    const lines = wrap(said, fontFor(fonts, styles[style]), size, inner);
    y -= before;
    const together = style === "question" ? lines.length * line + 40 : line;
    if (y - Math.min(together, pageHeight / 2) < bottom) y = next(pages);
    for (const one of lines) {
      if (y - line < bottom) y = next(pages);
      y -= line;
      pages.at(-1)?.push({ said: one, style, paragraph, y });
    }
  });
  return pages;
}

function next(pages: Placed[][]): number {
  pages.push([]);
  return pageHeight - margin;
}

class Writer {
  private readonly objects = new Objects();
  private readonly used: Record<"regular" | "bold", Map<number, string>> = {
    regular: new Map(),
    bold: new Map(),
  };
  private readonly tree = this.objects.name();
  private readonly pages = this.objects.name();
  private readonly root = this.objects.name();
  private readonly names = { regular: this.objects.name(), bold: this.objects.name() };
  private readonly made: { ref: Ref; parents: number[] }[] = [];
  /** The places of each paragraph: it may go on on the next page. */
  private readonly places = new Map<number, string[]>();

  constructor(
    private readonly fonts: Fonts,
    private readonly draw: Draw,
  ) {}

  async page(lines: readonly Placed[], paragraphs: readonly Paragraph[], footer: string): Promise<void> {
    const ref = this.objects.name();
    const pictures: string[] = [];
    const parents: number[] = [];
    let content = "";
    for (const line of lines) {
      if (line.said === "") continue;
      const mark = parents.push(line.paragraph) - 1;
      this.note(line.paragraph, `<< /Type /MCR /Pg ${ref} /MCID ${String(mark)} >>`);
      const tag = paragraphs[line.paragraph]?.tag ?? "P";
      content += `/${tag} << /MCID ${String(mark)} >> BDC\n${await this.line(line, pictures)}EMC\n`;
    }
    const at = { said: footer, style: "small", paragraph: -1, y: margin - 6 } as const;
    content += `/Artifact << /Type /Pagination >> BDC\n${await this.line(at, pictures)}EMC\n`;
    const stream = await this.objects.stream(new TextEncoder().encode(content));
    const drawings = pictures.map((picture, n) => `/I${String(n)} ${picture}`).join(" ");
    const resources = `<< /Font << /R ${this.names.regular} /B ${this.names.bold} >> /XObject << ${drawings} >> >>`;
    const size = `[0 0 ${String(pageWidth)} ${String(pageHeight)}]`;
    this.objects.say(
      ref,
      `<< /Type /Page /Parent ${this.pages} /MediaBox ${size} /Resources ${resources} /Contents ${stream} /StructParents ${String(this.made.length)} /Tabs /S >>`,
    );
    this.made.push({ ref, parents });
  }

  async finish({ title, language, paragraphs }: Sheet): Promise<Uint8Array<ArrayBuffer>> {
    const { objects } = this;
    const elements = new Map<number, Ref>();
    for (const [paragraph, places] of this.places)
      elements.set(
        paragraph,
        objects.add(
          `<< /Type /StructElem /S /${paragraphs[paragraph]?.tag ?? "P"} /P ${this.root} /K [${places.join(" ")}] >>`,
        ),
      );
    const all = [...elements.values()].join(" ");
    objects.say(this.root, `<< /Type /StructElem /S /Document /P ${this.tree} /K [${all}] >>`);
    const parents = this.made.map(
      ({ parents }, at) =>
        `${String(at)} [${parents.map((paragraph) => elements.get(paragraph) ?? "null").join(" ")}]`,
    );
    objects.say(
      this.tree,
      `<< /Type /StructTreeRoot /K [${this.root}] /ParentTree << /Nums [${parents.join(" ")}] >> /ParentTreeNextKey ${String(this.made.length)} >>`,
    );
    for (const name of ["regular", "bold"] as const) await this.font(name);
    objects.say(
      this.pages,
      `<< /Type /Pages /Count ${String(this.made.length)} /Kids [${this.made.map(({ ref }) => ref).join(" ")}] >>`,
    );
    const catalog = objects.add(
      `<< /Type /Catalog /Pages ${this.pages} /Lang ${text(language)} /MarkInfo << /Marked true >> /StructTreeRoot ${this.tree} /ViewerPreferences << /DisplayDocTitle true >> >>`,
    );
    return objects.file(catalog, objects.add(`<< /Title ${text(title)} >>`));
  }

  private note(paragraph: number, place: string): void {
    this.places.set(paragraph, [...(this.places.get(paragraph) ?? []), place]);
  }

  private async line({ said, style, y }: Placed, pictures: string[]): Promise<string> {
    const { bold, size, line } = styles[style];
    const font = fontFor(this.fonts, styles[style]);
    const foot = line - size;
    if (!isOf(font, said)) {
      const width = Math.min(inner, widthOf(said, font, size));
      const picture = await this.draw(said, { bold, size }, width, line);
      if (picture) {
        const entries = `/Type /XObject /Subtype /Image /Width ${String(picture.width)} /Height ${String(picture.height)} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`;
        const at = pictures.push(await this.objects.stream(picture.jpeg, entries, false)) - 1;
        return `/Span << /ActualText ${text(said)} >> BDC\nq ${String(width)} 0 0 ${String(line)} ${String(margin)} ${String(y)} cm /I${String(at)} Do Q\nEMC\n`;
      }
    }
    const name = bold ? "bold" : "regular";
    const glyphs = [...said].map((letter) => {
      const glyph = font.glyph(letter.codePointAt(0) ?? 0) ?? 0;
      if (glyph > 0) this.used[name].set(glyph, letter);
      return hex16(glyph);
    });
    return `BT /${bold ? "B" : "R"} ${String(size)} Tf 1 0 0 1 ${String(margin)} ${(y + foot).toFixed(2)} Tm <${glyphs.join("")}> Tj ET\n`;
  }

  private async font(name: "regular" | "bold"): Promise<void> {
    const [font, used, { objects }] = [this.fonts[name], this.used[name], this];
    const called = `VISVIS+FiraSans-${name === "bold" ? "SemiBold" : "Regular"}`;
    const scaled = (units: number): string => String(Math.round((units * 1000) / font.unitsPerEm));
    const outlines = font.with(used.keys());
    const file = await objects.stream(outlines, `/Length1 ${String(outlines.length)}`);
    const descriptor = objects.add(
      `<< /Type /FontDescriptor /FontName /${called} /Flags 4 /FontBBox [${font.box.map(scaled).join(" ")}] /ItalicAngle 0 /Ascent ${scaled(font.ascent)} /Descent ${scaled(font.descent)} /CapHeight 689 /StemV ${name === "bold" ? "120" : "85"} /FontFile2 ${file} >>`,
    );
    const widths = [...used.keys()]
      .map((glyph) => `${String(glyph)} [${scaled(font.width(glyph))}]`)
      .join(" ");
    const inside = objects.add(
      `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /${called} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor ${descriptor} /DW 1000 /W [${widths}] /CIDToGIDMap /Identity >>`,
    );
    const unicode = await objects.stream(new TextEncoder().encode(meanings(used)));
    objects.say(
      this.names[name],
      `<< /Type /Font /Subtype /Type0 /BaseFont /${called} /Encoding /Identity-H /DescendantFonts [${inside}] /ToUnicode ${unicode} >>`,
    );
  }
}

/** Which letter each glyph is, so that the text can be searched, copied and read out (ISO 32000-1 §9.10.3). */
function meanings(used: ReadonlyMap<number, string>): string {
  const all = [...used].map(([glyph, letter]) => `<${hex16(glyph)}> <${hex(letter)}>`);
  const blocks: string[] = [];
  for (let at = 0; at < all.length; at += 100) {
    const some = all.slice(at, at + 100);
    blocks.push(`${String(some.length)} beginbfchar\n${some.join("\n")}\nendbfchar`);
  }
  return `/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n${blocks.join("\n")}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n`;
}
