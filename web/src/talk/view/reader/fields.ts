import type { FormRead } from "../../form/answer";
import { emptyOf, type Field, fieldOf, mostFields, plain, type Value, valueOf } from "../../form/model";

/** Of all pages; a form with more is not gone through to its end. */
const mostWidgets = 1_500;
/** In points: fields that stand about as high are one line. */
const lineHeight = 8;

/** What the library says of one place of a form (ISO 32000-1 §12.7.4). */
export interface Widget {
  readonly id: string;
  readonly subtype: string;
  readonly fieldType?: string;
  readonly fieldName?: string;
  readonly fieldValue?: unknown;
  readonly alternativeText?: string;
  /** What is printed to the right of it (beside.ts). */
  readonly beside?: string;
  readonly rect: readonly number[];
  readonly readOnly?: boolean;
  readonly hidden?: boolean;
  /** What stands in it is drawn, by the file or by whatever shows it. */
  readonly hasAppearance?: boolean;
  readonly required?: boolean;
  readonly password?: boolean;
  readonly multiLine?: boolean;
  readonly maxLen?: number;
  readonly checkBox?: boolean;
  readonly radioButton?: boolean;
  readonly exportValue?: string;
  readonly buttonValue?: string | null;
  readonly options?: readonly { exportValue: string; displayValue: string }[];
  readonly datetimeType?: string | null;
  readonly datetimeFormat?: string | null;
}

/** A field with what the library calls its places, and what stands in each for a value. */
export interface Slot {
  readonly field: Field;
  readonly value: Value;
  /** Whoever opens the file sees it. */
  readonly visible: boolean;
  /** By the id of the place. */
  stored(value: Value): [id: string, stored: string | boolean][];
}

interface Many {
  pages: number;
  widgets(page: number): Promise<readonly Widget[]>;
}

/** All fields that a person can fill in, as they stand on the pages; undefined where there are too many. */
export async function slotsOf(file: Many): Promise<Slot[] | undefined> {
  const named = new Map<string, Widget[]>();
  let count = 0;
  for (let page = 1; page <= file.pages; page++) {
    const widgets = await file.widgets(page);
    count += widgets.length;
    if (count > mostWidgets) return undefined;
    for (const widget of inReadingOrder(widgets.filter(isOpen))) {
      const name = widget.fieldName ?? widget.id;
      const same = named.get(name);
      if (same) same.push(widget);
      else named.set(name, [widget]);
    }
  }
  const slots = [...named.values()].flatMap((widgets) => slotOf(widgets) ?? []);
  return slots.length > mostFields ? undefined : slots;
}

export function readOf(slots: readonly Slot[] | undefined, scripted: boolean): FormRead {
  if (!slots) return { none: "many" };
  if (slots.length === 0) return { none: "empty" };
  return { fields: slots.map(({ field }) => field), values: slots.map(({ value }) => value), scripted };
}

/** Neither what others sign, press or choose files with, nor what nobody is to change. */
function isOpen({ subtype, fieldType, readOnly, hidden, password, checkBox, radioButton }: Widget): boolean {
  if (subtype !== "Widget" || readOnly || hidden || password) return false;
  return (
    fieldType === "Tx" ||
    fieldType === "Ch" ||
    (fieldType === "Btn" && (checkBox === true || radioButton === true))
  );
}

function inReadingOrder(widgets: readonly Widget[]): Widget[] {
  const [left, top] = [(w: Widget) => w.rect[0] ?? 0, (w: Widget) => w.rect[3] ?? 0];
  const lines: Widget[][] = [];
  for (const widget of [...widgets].sort((a, b) => top(b) - top(a))) {
    const line = lines.at(-1);
    const [first] = line ?? [];
    if (line && first && top(first) - top(widget) < lineHeight) line.push(widget);
    else lines.push([widget]);
  }
  return lines.flatMap((line) => [...line].sort((a, b) => left(a) - left(b)));
}

function slotOf(widgets: readonly Widget[]): Slot | undefined {
  const [first] = widgets;
  if (!first) return undefined;
  if (first.fieldType === "Tx") return textSlot(first, widgets);
  if (first.fieldType === "Ch") return choiceSlot(first, widgets);
  const values = new Set(widgets.map(({ exportValue }) => exportValue));
  if (first.checkBox === true && values.size < 2) return boxSlot(first, widgets);
  return radioSlot(first, widgets);
}

function textSlot(first: Widget, widgets: readonly Widget[]): Slot | undefined {
  const format = first.datetimeFormat ?? "";
  const isDate = first.datetimeType === "date" && /^dd?\.mm?\.yyyy$/.test(format);
  return made(
    {
      kind: isDate ? "date" : first.multiLine ? "lines" : "text",
      ...(format !== "" && !isDate ? { help: format } : {}),
      ...(first.maxLen ? { most: first.maxLen } : {}),
      options: [],
    },
    first,
    labelOf(first),
    first.fieldValue,
    (value) => widgets.map(({ id }) => [id, value]),
  );
}

function choiceSlot(first: Widget, widgets: readonly Widget[]): Slot | undefined {
  const offered = distinct((first.options ?? []).map(({ displayValue }) => displayValue));
  const stood: unknown = Array.isArray(first.fieldValue) ? first.fieldValue[0] : first.fieldValue;
  const at = (first.options ?? []).findIndex(({ exportValue }) => exportValue === stood);
  return made(
    { kind: "choice", options: offered.filter((option) => option !== "") },
    first,
    labelOf(first),
    offered[at],
    (value) => {
      const stored = value === "" ? "" : (first.options?.[offered.indexOf(String(value))]?.exportValue ?? "");
      return widgets.map(({ id }) => [id, stored]);
    },
  );
}

function boxSlot(first: Widget, widgets: readonly Widget[]): Slot | undefined {
  const ticked = first.fieldValue === first.exportValue;
  return made({ kind: "check", options: [] }, first, labelOf(first), ticked, (value) =>
    widgets.map(({ id }) => [id, value]),
  );
}

/**
 * Of several places one is chosen: radio buttons, and boxes of one name with different meanings. They are called by their
 * descriptions, else by what they mean, and where that is a name for programs by what is printed beside them, or counted.
 */
function radioSlot(first: Widget, widgets: readonly Widget[]): Slot | undefined {
  const meant = widgets.map(meaningOf);
  const apart = (texts: readonly string[]): boolean =>
    widgets.length > 1 && new Set(texts).size === widgets.length && !texts.includes("");
  const texts = widgets.map(({ alternativeText }) => alternativeText ?? "");
  const printed = widgets.map(({ beside }) => plain(beside ?? "", 74));
  const own = apart(texts);
  const words = meant.some(isForPrograms)
    ? apart(printed)
      ? printed
      : widgets.map((_, n) => String(n + 1))
    : meant;
  const offered = distinct(own ? texts : words);
  return made(
    { kind: "radio", options: offered },
    first,
    own ? named(first) : labelOf(first),
    offered[meant.findIndex((one) => one !== "" && one === first.fieldValue)],
    (value) => widgets.map(({ id }, n) => [id, offered[n] === value]),
  );
}

export function meaningOf({ buttonValue, exportValue }: Widget): string {
  return buttonValue ?? exportValue ?? "";
}

/** "Choice1", "0", "On": what programs that make forms call buttons by themselves. */
export function isForPrograms(name: string): boolean {
  return /^(?:choice|option|opt|auswahl|wahl|radio(?:button)?|button|btn|rb|cb|value|wert|kontrollk\p{L}*)?[\s_.-]*\d*$|^(?:on|yes_\d+)$/iu.test(
    name,
  );
}

function made(
  what: { kind: Field["kind"]; help?: string; most?: number; options: readonly string[] },
  { required, hasAppearance }: Widget,
  label: string,
  stands: unknown,
  stored: Slot["stored"],
): Slot | undefined {
  const field = fieldOf({ most: undefined, ...what, label, required: required === true });
  if (!field) return undefined;
  const value = valueOf(field, stands) ?? emptyOf(field);
  const isDrawn = hasAppearance !== false || value === "" || isOfMarks(field);
  return { field, value, visible: isDrawn, stored };
}

/** Boxes and buttons bring their marks along. */
function isOfMarks({ kind }: Field): boolean {
  return kind === "check" || kind === "radio";
}

function labelOf(widget: Widget): string {
  return plain(widget.alternativeText ?? "", 200) || named(widget);
}

/** The last part of a name that is meant for programs, made readable. */
function named({ fieldName = "", id }: Widget): string {
  const last = fieldName.split(".").at(-1) ?? "";
  const words = last
    .replace(/\[\d+\]$/, "")
    .replaceAll("_", " ")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
  const label = plain(words, 200) || id;
  return label.charAt(0).toUpperCase() + label.slice(1);
}

function distinct(options: readonly string[]): string[] {
  const made: string[] = [];
  for (const option of options) {
    const short = plain(option, 74);
    let name = short;
    for (let n = 2; name !== "" && made.includes(name) && n < 1_000; n++) name = `${short} (${n})`;
    made.push(name);
  }
  return made;
}
