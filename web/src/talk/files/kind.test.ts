import { expect, test } from "vitest";
import { accepted, kindOf } from "./kind";

const latin = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const le = (value: number, size: number): string =>
  Array.from({ length: size }, (_, n) => String.fromCharCode((value >> (8 * n)) & 255)).join("");

/** An archive of empty files, or with what stands in its first one. */
function archive(names: string[], first = ""): Blob {
  let body = "";
  let list = "";
  for (const [index, name] of names.entries()) {
    const content = index === 0 ? first : "";
    const sizes = le(content.length, 4).repeat(2);
    list += `PK\x01\x02${le(0, 16)}${sizes}${le(name.length, 2)}${le(0, 12)}${le(body.length, 4)}${name}`;
    body += `PK\x03\x04${le(0, 14)}${sizes}${le(name.length, 2)}${le(0, 2)}${name}${content}`;
  }
  const end = `PK\x05\x06${le(0, 4)}${le(names.length, 2).repeat(2)}${le(list.length, 4)}${le(body.length, 4)}${le(0, 2)}`;
  return new Blob([latin(body + list + end)]);
}

const word = ["[Content_Types].xml", "_rels/.rels", "word/document.xml"];
const odt = "application/vnd.oasis.opendocument.text";
const ending = async (file: Blob): Promise<string | undefined> => (await kindOf(file))?.endings[0];

test.each([
  ["%PDF-1.7\n", "pdf"],
  ["\xff\xd8\xff\xe0", "jpg"],
  ["\x89PNG\r\n\x1a\n", "png"],
  ["GIF89a", "gif"],
  ["RIFF\x10\0\0\0WEBPVP8 ", "webp"],
  ["\0\0\0\x18ftypheic", "heic"],
  ["Guten Tag,\r\n\tich komme sp\xc3\xa4ter.\n", "txt"],
])("INP-05: %j is known by its content", async (content, kind) => {
  expect(await ending(new Blob([latin(content)]))).toBe(kind);
});

test("INP-05: documents are known by what is in the archive", async () => {
  expect(await ending(archive(word))).toBe("docx");
  expect(await ending(archive(["[Content_Types].xml", "xl/workbook.xml"]))).toBe("xlsx");
  expect(await ending(archive(["mimetype", "content.xml"], odt))).toBe("odt");
});

test.each([
  ["a program of Windows", new Blob([latin("MZ\x90\0\x03\0\0\0")])],
  ["a program of Linux", new Blob([latin("\x7fELF\x02\x01")])],
  ["a PDF behind something else", new Blob([latin("\0\0%PDF-1.7")])],
  ["an archive", archive(["setup.exe"])],
  ["macros of Word", archive([...word, "word/vbaProject.bin"])],
  ["macros of OpenDocument", archive(["mimetype", "Basic/Standard/script-lb.xml"], odt)],
  ["ActiveX", archive([...word, "word/activeX/activeX1.xml"])],
  ["an archive without an end", new Blob([latin("PK\x03\x04 and nothing more")])],
  ["an archive whose list is longer than it says", archive(word).slice(0, -10)],
  ["text that is none", new Blob([latin("abc\0def")])],
  ["text of an unknown kind", new Blob([latin("sp\xe4ter")])],
  ["a text without end", new Blob(["a".repeat((1 << 20) + 1)])],
])("INP-05: refused: %s", async (_, file) => {
  expect(await kindOf(file)).toBeUndefined();
});

test("INP-05: a second list, or one that does not end the file, is refused", async () => {
  const bytes = async (file: Blob): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await file.arrayBuffer());
  const [clean, dirty] = [await bytes(archive(word)), await bytes(archive([...word, "word/vbaProject.bin"]))];
  expect(await ending(new Blob([dirty, clean]))).toBeUndefined();
  expect(await ending(new Blob([clean, "and more"]))).toBeUndefined();
  expect(await ending(archive([...word, "word/embeddings/oleObject1.bin"]))).toBeUndefined();
});

test("whatever bytes an archive has, it is judged and nothing thrown", async () => {
  const whole = new Uint8Array(await archive(word).arrayBuffer());
  for (let at = 0; at < whole.length; at += 3) {
    const changed = whole.slice();
    changed[at] = 255;
    expect([undefined, "docx", "txt"]).toContain(await ending(new Blob([changed])));
  }
});

test("the browser's choice offers what is taken", () => {
  expect(accepted.split(",")).toEqual(expect.arrayContaining([".pdf", ".jpg", ".jpeg", ".docx", ".txt"]));
  expect(accepted).not.toMatch(/exe|svg|html|docm/);
});
