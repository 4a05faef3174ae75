import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import "../../view/reader/older";
import "pdfjs-dist/legacy/build/pdf.worker.mjs";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { type Draw, type Paragraph, printed, type Sheet } from "./print";

const bytesOf = (name: string): ArrayBuffer => {
  const file = readFileSync(join(import.meta.dirname, name));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
};
const fonts = { regular: bytesOf("fira-sans-400.ttf"), bold: bytesOf("fira-sans-600.ttf") };
const sheet = (...answers: string[]): Sheet => ({
  title: "Antrag auf Wohngeld",
  language: "de",
  paragraphs: [
    { tag: "H1", said: "Antrag auf Wohngeld", style: "title" },
    ...answers.flatMap((said, n): Paragraph[] => [
      { tag: "H2", said: `Frage ${String(n + 1)}`, style: "question" },
      { tag: "P", said, style: "answer" },
    ]),
  ],
  footer: (page, of) => `Seite ${String(page)} von ${String(of)}`,
});
const none: Draw = () => Promise.resolve(undefined);

async function read(
  bytes: Uint8Array,
): Promise<{ pages: string[]; title: unknown; tags: unknown; fields: unknown }> {
  const file = await getDocument({ data: bytes.slice(), verbosity: 0 }).promise;
  const pages: string[] = [];
  for (let number = 1; number <= file.numPages; number++) {
    const { items } = await (await file.getPage(number)).getTextContent();
    pages.push(items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join(""));
  }
  const { info } = await file.getMetadata();
  const tags = await (await file.getPage(1)).getStructTree();
  return { pages, title: (info as { Title?: string }).Title, tags, fields: await file.getFieldObjects() };
}

it("says exactly what was typed, with every letter of Europe", async () => {
  const typed = "Ayşe Öztürk-Łuk, Straße 5, Ωμέγα, Київ, Đặng, „Größe“ – 12 €";
  const { pages, title, fields } = await read(await printed(sheet(typed), fonts, none));
  expect(pages).toHaveLength(1);
  expect(pages[0]).toContain(typed);
  expect(pages[0]).toContain("Seite 1 von 1");
  expect(title).toBe("Antrag auf Wohngeld");
  expect(fields).toBeNull(); // nothing in it can be filled in any more
});

it("puts a letter and its mark together, and leaves out what nobody sees", async () => {
  const { pages } = await read(await printed(sheet("Mu\u0308ller\u00ad\u200b"), fonts, none));
  expect(pages[0]).toContain("Müller");
});

it("draws a line with letters that the font has not, which says what it shows", async () => {
  const draw = vi.fn<Draw>(() =>
    Promise.resolve({ jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), width: 10, height: 5 }),
  );
  const bytes = await printed(sheet("Umzug 🙂", "محمد", "Nichts weiter"), fonts, draw);
  expect(draw.mock.calls.map(([said]) => said)).toEqual(["Umzug 🙂", "محمد"]);
  const { pages } = await read(bytes);
  expect(pages[0]).toContain("Nichts weiter");
  expect(pages[0]).not.toContain("Umzug");
});

it("tells who has it read out what is a heading and what an answer", async () => {
  const { tags } = await read(await printed(sheet("eins", "zwei"), fonts, none));
  const roles = JSON.stringify(tags).match(/"role":"\w+"/g);
  expect(roles).toEqual(["Document", "H1", "H2", "P", "H2", "P", "Root"].map((tag) => `"role":"${tag}"`));
});

it("goes on on the next page, breaks long words, and loses nothing", async () => {
  const lines = Array.from({ length: 120 }, (_, n) => `Zeile ${String(n)}`);
  const { pages } = await read(await printed(sheet(lines.join("\n"), "x".repeat(2_000)), fonts, none));
  expect(pages.length).toBeGreaterThan(2);
  const all = pages.join("\n");
  for (const line of lines) expect(all).toContain(line);
  expect(all.match(/x+/g)?.join("")).toHaveLength(2_000);
  expect(all).toContain(`Seite ${String(pages.length)} von ${String(pages.length)}`);
});
