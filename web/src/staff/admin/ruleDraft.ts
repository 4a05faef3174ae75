import type { RuleTakes, RuleValue } from "../../api/admin";
import type { StaffKey } from "../../i18n/staff";

/** A rule that is being written: everything that its sort of value needs, and the rest unused. */
export interface RuleDraft {
  /** A number, a telephone number, a day, or a file as base64. */
  readonly typed: string;
  /** One of a list; of a day or a switch, whether there is one. */
  readonly chosen: string;
  readonly several: readonly string[];
  readonly said: Readonly<Record<string, string>>;
}

const tooLarge = "too large";

/** A file becomes part of a draft; one that is too large is not read. */
export async function draftOfFile(file: File | undefined, most: number): Promise<Partial<RuleDraft>> {
  if (!file) return { typed: "", chosen: "" };
  if (file.size > most) return { typed: "", chosen: tooLarge };
  const bytes = new Uint8Array(await file.arrayBuffer());
  return { typed: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), chosen: "" };
}

export type Wrong = { key: StaffKey; params?: Record<string, number> };

export function ruleDraft({ kind, of = [] }: RuleTakes, value: RuleValue): RuleDraft {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const several = Array.isArray(value) ? (value as readonly string[]) : [];
  const said = typeof value === "object" && !Array.isArray(value) ? value : {};
  const day = text === "never" ? "never" : text === "" ? "always" : "from";
  const word = ["never", "on", "off"].includes(text);
  return {
    typed: word || kind === "picture" ? "" : text,
    chosen: kind === "day" ? day : kind === "switch" && !word ? "from" : text,
    several,
    said: Object.fromEntries(
      of.map((language) => [language, (said as Record<string, string>)[language] ?? ""]),
    ),
  };
}

/** What the form itself can see: the server says the rest. */
export function readRule(
  { kind, least = 0, most = 0, of = [], none = false }: RuleTakes,
  { typed, chosen, several, said }: RuleDraft,
): { value: RuleValue } | { wrong: Wrong } {
  const text = typed.trim();
  switch (kind) {
    case "number":
      if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most)
        return { value: Number(text) };
      return { wrong: { key: "admin.wrong.number", params: { from: least, to: most } } };
    case "day":
      if (chosen !== "from") return { value: chosen === "never" ? "never" : "" };
      return text === "" ? { wrong: { key: "admin.wrong.empty" } } : { value: text };
    case "switch":
      if (chosen !== "from") return { value: chosen };
      return text === "" ? { wrong: { key: "admin.wrong.empty" } } : { value: text };
    case "dial":
      return text === "" ? { wrong: { key: "admin.wrong.empty" } } : { value: text };
    case "picture":
      if (chosen === tooLarge) return { wrong: { key: "errors.logo.too_large" } };
      return typed === "" ? { wrong: { key: "admin.import.noFiles" } } : { value: typed };
    case "one":
      return { value: chosen };
    case "some": {
      const value = of.filter((choice) => several.includes(choice));
      return value.length === 0 && !none ? { wrong: { key: "admin.rule.wrong.some" } } : { value };
    }
    case "words": {
      const value = Object.fromEntries(
        Object.entries(said)
          .map(([language, words]) => [language, words.trim()] as const)
          .filter(([, words]) => words !== ""),
      );
      return Object.keys(value).length === 0 ? { wrong: { key: "admin.wrong.empty" } } : { value };
    }
  }
}
