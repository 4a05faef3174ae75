import type { Font } from "./font";

/** In points. */
export interface Style {
  readonly bold: boolean;
  readonly size: number;
}

/** What nobody sees and fonts draw all the same. */
const unseen = /[\u00ad\u200b\u2060\ufeff]/g;

/** As it is drawn: put together where a letter and its mark are one. */
export function drawn(said: string): string {
  return said.normalize("NFC").replace(unseen, "");
}

export function widthOf(said: string, font: Font, size: number): number {
  let units = 0;
  for (const letter of said) {
    const glyph = font.glyph(letter.codePointAt(0) ?? 0);
    units += glyph === undefined ? font.unitsPerEm : font.width(glyph);
  }
  return (units * size) / font.unitsPerEm;
}

/** Every letter is one of the font's. */
export function isOf(font: Font, said: string): boolean {
  return [...said].every((letter) => font.glyph(letter.codePointAt(0) ?? 0) !== undefined);
}

/** A text in lines of a width, broken between words, and in the midst of one only where it is longer than a line. */
export function wrap(said: string, font: Font, size: number, width: number): string[] {
  return drawn(said)
    .split("\n")
    .flatMap((paragraph) => wrapOne(paragraph, (part) => widthOf(part, font, size) <= width));
}

function wrapOne(paragraph: string, fits: (part: string) => boolean): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (fits(longer)) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = "";
    for (const letter of word) {
      if (line !== "" && !fits(line + letter)) {
        lines.push(line);
        line = "";
      }
      line += letter;
    }
  }
  return [...lines, line];
}
