/** What a file is by its content; its name says nothing (OWASP, File Upload Cheat Sheet). */
export interface Kind {
  /** Endings that fit, the usual one first. */
  readonly endings: readonly string[];
  readonly type: string;
  /** The page can show it. */
  readonly shown: boolean;
}

const kinds = {
  pdf: { endings: ["pdf"], type: "application/pdf", shown: true },
  jpeg: { endings: ["jpg", "jpeg"], type: "image/jpeg", shown: true },
  png: { endings: ["png"], type: "image/png", shown: true },
  gif: { endings: ["gif"], type: "image/gif", shown: true },
  webp: { endings: ["webp"], type: "image/webp", shown: true },
  heic: { endings: ["heic", "heif"], type: "image/heic", shown: false },
  docx: { endings: ["docx"], type: office("wordprocessingml.document"), shown: false },
  xlsx: { endings: ["xlsx"], type: office("spreadsheetml.sheet"), shown: false },
  odt: { endings: ["odt"], type: "application/vnd.oasis.opendocument.text", shown: false },
  ods: { endings: ["ods"], type: "application/vnd.oasis.opendocument.spreadsheet", shown: false },
  txt: { endings: ["txt"], type: "text/plain;charset=utf-8", shown: false },
} as const satisfies Record<string, Kind>;

/** What the browser's own choice of files offers first. */
export const accepted = Object.values(kinds)
  .flatMap(({ endings }) => endings.map((ending) => `.${ending}`))
  .join(",");

/** Longer texts are no letters any more, and have to be read whole. */
const longestText = 1 << 20;

/** The kind of a file, undefined where it is none of those that may be sent. */
export async function kindOf(file: Blob): Promise<Kind | undefined> {
  const head = await bytes(file.slice(0, 64));
  const found = byHead(head);
  if (found) return found;
  if (begins(head, "PK\x03\x04")) return packed(await entries(file), await mimetype(file));
  return file.size <= longestText && isText(await bytes(file)) ? kinds.txt : undefined;
}

function byHead(head: Uint8Array): Kind | undefined {
  if (begins(head, "%PDF-")) return kinds.pdf;
  if (begins(head, "\xff\xd8\xff")) return kinds.jpeg;
  if (begins(head, "\x89PNG\r\n\x1a\n")) return kinds.png;
  if (begins(head, "GIF87a") || begins(head, "GIF89a")) return kinds.gif;
  if (begins(head, "RIFF") && begins(head, "WEBP", 8)) return kinds.webp;
  // ISO/IEC 23008-12 §10: the brands of still pictures.
  const brands = ["heic", "heix", "mif1"];
  if (begins(head, "ftyp", 4) && brands.some((brand) => begins(head, brand, 8))) return kinds.heic;
  return undefined;
}

/** Programs inside documents: of Office (ECMA-376 knows none, Microsoft's extensions do) and of OpenDocument. */
const programs = /(^|\/)(vba(Project|Data)[^/]*|activeX\/.*|embeddings\/.*\.bin|Basic\/.+|Scripts\/.+)$/i;

function packed(names: readonly string[] | undefined, mimetype: string): Kind | undefined {
  if (!names || names.some((name) => programs.test(name))) return undefined;
  if (names.includes("[Content_Types].xml")) {
    if (names.includes("word/document.xml")) return kinds.docx;
    return names.includes("xl/workbook.xml") ? kinds.xlsx : undefined;
  }
  return [kinds.odt, kinds.ods].find(({ type }) => type === mimetype);
}

/** OpenDocument 1.3 part 2 §3.3: its first entry, not compressed. */
async function mimetype(file: Blob): Promise<string> {
  const start = await bytes(file.slice(0, 128));
  if (!begins(start, "mimetype", 30)) return "";
  const size = new DataView(start.buffer).getUint32(18, true);
  return latin(start.subarray(38, Math.min(38 + size, start.length)));
}

/** APPNOTE.TXT §4.3 (PKWARE): the list at the end of an archive, after which up to 64 kB of comment may stand. */
const endSize = 22;
const mostComment = 0xffff;
/** No letter has so many parts, and no list of them is so long. */
const mostEntries = 10_000;
const longestList = 4 << 20;

/** The names in an archive; undefined where its list is not sound. */
async function entries(file: Blob): Promise<string[] | undefined> {
  const tail = await bytes(file.slice(-(endSize + mostComment)));
  const end = lastEnd(tail);
  if (end < 0) return undefined;
  const view = new DataView(tail.buffer);
  const [count, size, at] = [
    view.getUint16(end + 10, true),
    view.getUint32(end + 12, true),
    view.getUint32(end + 16, true),
  ];
  // The list stands before its end, and that at the end of the file: others would find another one.
  const comment = view.getUint16(end + 20, true);
  if (end + endSize + comment !== tail.length || at + size !== file.size - tail.length + end)
    return undefined;
  if (count > mostEntries || size > longestList) return undefined;
  return names(await bytes(file.slice(at, at + size)), count);
}

function lastEnd(tail: Uint8Array): number {
  for (let at = tail.length - endSize; at >= 0; at--) if (begins(tail, "PK\x05\x06", at)) return at;
  return -1;
}

function names(list: Uint8Array, count: number): string[] | undefined {
  const view = new DataView(list.buffer);
  const found: string[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > list.length || !begins(list, "PK\x01\x02", at)) return undefined;
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    found.push(latin(list.subarray(at + 46, at + 46 + (name ?? 0))));
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  // What the list does not tell of would be unseen by this page, and seen by others.
  return at === list.length ? found : undefined;
}

/** Text is UTF-8 without any control character but those of lines. */
function isText(content: Uint8Array): boolean {
  if (content.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13))
    return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}

function office(what: string): `application/vnd.openxmlformats-officedocument.${string}` {
  return `application/vnd.openxmlformats-officedocument.${what}`;
}

async function bytes(part: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await part.arrayBuffer());
}

function begins(data: Uint8Array, mark: string, at = 0): boolean {
  return latin(data.subarray(at, at + mark.length)) === mark;
}

function latin(data: Uint8Array): string {
  return String.fromCharCode(...data);
}
