/**
 * A form that two people fill in together: fields in the order in which they are read. A field is named by its number, so
 * that no name out of a file or from the other page is ever the key of anything.
 */
const kinds = ["text", "lines", "date", "check", "choice", "radio"] as const;
type Kind = (typeof kinds)[number];

export interface Field {
  readonly kind: Kind;
  readonly label: string;
  readonly help?: string;
  readonly required: boolean;
  /** Of text, in units. */
  readonly most: number;
  /** Of a choice, each once; nothing else can be chosen. */
  readonly options: readonly string[];
}

/** What was entered: a text or an option, or for a box whether it is ticked. */
export type Value = string | boolean;

export interface Form {
  /** Of this use of it; another one each time that it is opened. */
  readonly id: string;
  readonly title: string;
  /** SHA-256 of the file, so that the same one is found again. */
  readonly digest: string;
  /** Its file has scripts, which nobody runs here: what they would compute or check stays undone. */
  readonly scripted: boolean;
  readonly fields: readonly Field[];
}

/** Nobody fills in more in a talk. */
export const mostFields = 300;
export const longestTitle = 120;
const longestLabel = 200;
const longestHelp = 300;
const longestText = 500;
const longestLines = 2_000;
const mostOptions = 250;
const longestOption = 80;
/** In units of JSON: one field is one message at most, and a form not without end. */
const largestField = 12_000;
export const largestForm = 200_000;

/** Undefined for what is no field; of one, nothing but what a field has. */
export function fieldOf(data: unknown): Field | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { kind, label, help, required, most, options } = data as Record<string, unknown>;
  if (!kinds.includes(kind as Kind) || typeof label !== "string" || typeof required !== "boolean")
    return undefined;
  if (help !== undefined && typeof help !== "string") return undefined;
  if (!Array.isArray(options) || options.length > mostOptions || !options.every(isText)) return undefined;
  const offered = options.map((option) => plain(option, longestOption));
  if (new Set(offered).size !== offered.length || offered.includes("")) return undefined;
  const longest = kind === "lines" ? longestLines : longestText;
  const field: Field = {
    kind: kind as Kind,
    label: plain(label, longestLabel),
    ...(help === undefined ? {} : { help: plain(help, longestHelp) }),
    required,
    most: Number.isSafeInteger(most) ? Math.min(Math.max(1, most as number), longest) : longest,
    options: offered,
  };
  if (field.label === "" || JSON.stringify(field).length > largestField) return undefined;
  return isChosen(field) === offered.length > 0 ? field : undefined;
}

/** Undefined for what cannot stand in this field. */
export function valueOf(field: Field, data: unknown): Value | undefined {
  if (field.kind === "check") return typeof data === "boolean" ? data : undefined;
  if (typeof data !== "string") return undefined;
  if (isChosen(field)) return data === "" || field.options.includes(data) ? data : undefined;
  return field.kind === "lines" ? cleaned(data, field.most) : cleaned(data, field.most).replaceAll("\n", " ");
}

export function emptyOf(field: Field): Value {
  return field.kind === "check" ? false : "";
}

/** The fields that must be filled in and are not. */
export function missingIn({ fields }: Form, values: readonly Value[]): number[] {
  return fields.flatMap(({ required }, at) => {
    const value = values[at];
    const empty = typeof value === "string" ? value.trim() === "" : value !== true;
    return required && empty ? [at] : [];
  });
}

/** One line for people, without what turns, hides or breaks letters (Unicode TR 36). */
export function plain(text: string, most: number): string {
  return text
    .slice(0, 4 * most)
    .replace(/\p{C}+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, most);
}

/** As it is typed: joiners of letters stay, what turns or hides lines goes. */
function cleaned(text: string, most: number): string {
  return text
    .slice(0, most)
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu, "");
}

function isChosen({ kind }: Field): boolean {
  return kind === "choice" || kind === "radio";
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
