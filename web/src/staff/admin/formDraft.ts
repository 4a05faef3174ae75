import type { FormKind, Said, Template, TemplateField } from "../../api/forms";
import { languages } from "../../i18n/languages";

/** By language, as it stands in the fields. */
type Typed = Readonly<Record<string, string>>;

export interface FieldDraft {
  /** So that the same field stays the same while it is moved. */
  readonly key: number;
  readonly kind: FormKind;
  readonly label: Typed;
  readonly help: Typed;
  readonly required: boolean;
  /** One on each line. */
  readonly options: Typed;
}

export interface FormDraft {
  readonly title: Typed;
  readonly fields: readonly FieldDraft[];
}

/** What is wrong: `field` counts from 1, and 0 is the form itself. */
export interface FormWrong {
  readonly field: number;
  readonly what: string;
}

export const formKinds: readonly FormKind[] = ["text", "lines", "date", "check", "choice", "radio"];
export const mostFormFields = 100;
export const longestFormTitle = 120;
export const longestFormLabel = 200;
export const longestFormHelp = 300;
const longestOption = 80;
const mostOptions = 50;

export const isChosen = (kind: FormKind): boolean => kind === "choice" || kind === "radio";

export function emptyField(key: number): FieldDraft {
  return { key, kind: "text", label: {}, help: {}, required: false, options: {} };
}

export function formDraft(form?: Template): FormDraft {
  if (!form) return { title: {}, fields: [emptyField(1)] };
  return {
    title: form.title,
    fields: form.fields.map(({ kind, label, help = {}, required, options = [] }, at) => ({
      key: at + 1,
      kind,
      label,
      help,
      required,
      options: typedOptions(options),
    })),
  };
}

/** A language in which some are missing has German lines there: what stands below each other belongs together. */
function typedOptions(options: readonly Said[]): Typed {
  const spoken = languages.filter(({ tag }) => options.some((option) => option[tag]));
  return Object.fromEntries(
    spoken.map(({ tag }) => [tag, options.map((option) => option[tag] ?? option.de ?? "").join("\n")]),
  );
}

const clean = (text = ""): string => text.replace(/\s+/g, " ").trim();
const linesOf = (text = ""): string[] => text.split("\n").map(clean);

function saidOf(typed: Typed): Said {
  return Object.fromEntries(
    Object.entries(typed)
      .map(([language, text]) => [language, clean(text)] as const)
      .filter(([, text]) => text !== ""),
  );
}

/** What the page itself can see is wrong; the server says the rest. */
export function readForm(draft: FormDraft): { form: Template } | { wrong: FormWrong } {
  const title = saidOf(draft.title);
  if (!title.de) return { wrong: { field: 0, what: "empty" } };
  if (draft.fields.length === 0) return { wrong: { field: 0, what: "none" } };
  const fields: TemplateField[] = [];
  for (const [at, typed] of draft.fields.entries()) {
    const field = readField(typed);
    if (typeof field === "string") return { wrong: { field: at + 1, what: field } };
    fields.push(field);
  }
  return { form: { title, fields } };
}

function readField({ kind, label, help, required, options }: FieldDraft): TemplateField | string {
  const said = saidOf(label);
  const more = saidOf(help);
  if (!said.de) return "empty";
  if (Object.keys(more).length > 0 && !more.de) return "help_empty";
  const helped = more.de ? { help: more } : {};
  if (!isChosen(kind)) return { kind, label: said, ...helped, required };
  const offered = readOptions(options);
  return typeof offered === "string" ? offered : { kind, label: said, ...helped, required, options: offered };
}

/** Empty lines at the end are none; one in the midst of another language is as in German. */
function readOptions(typed: Typed): readonly Said[] | string {
  const german = linesOf(typed.de).filter((text) => text !== "");
  if (german.length === 0 || german.length > mostOptions) return "options";
  const others = Object.entries(typed)
    .filter(([language, text]) => language !== "de" && text.trim() !== "")
    .map(([language, text]) => [language, linesOf(text.trimEnd())] as const);
  if (others.some(([, lines]) => lines.length > german.length)) return "options_more";
  const options = german.map((de, at) => ({
    de,
    ...Object.fromEntries(
      others.filter(([, lines]) => lines[at]).map(([tag, lines]) => [tag, lines[at] ?? ""]),
    ),
  }));
  for (const language of ["de", ...others.map(([tag]) => tag)]) {
    const texts = options.map((option: Said) => option[language] ?? option.de ?? "");
    if (texts.some((text) => text.length > longestOption)) return "option_long";
    if (new Set(texts).size !== texts.length) return "option_twice";
  }
  return options;
}

/** The field goes one place up or down; the same where there is none. */
export function moved(fields: readonly FieldDraft[], at: number, by: -1 | 1): readonly FieldDraft[] {
  const [field, other] = [fields[at], fields[at + by]];
  if (!field || !other) return fields;
  return fields.map((one, n) => (n === at ? other : n === at + by ? field : one));
}
