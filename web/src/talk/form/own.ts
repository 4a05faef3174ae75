import type { Template } from "../../api/forms";
import { format } from "../../i18n/format";
import type { Language } from "../../i18n/languages";
import type { Value } from "./model";
import { type Draw, type Paragraph, printed } from "./print/print";
import regular from "./print/fira-sans-400.ttf?url";
import bold from "./print/fira-sans-600.ttf?url";
import type { Paper } from "./staffForm";
import { formIn } from "./template";
import { loadForm } from "./texts";

/** In ms, for two fonts of eighty kilobytes over a bad network. */
const longestLoad = 60_000;

/** What is needed besides to make the result. */
export interface Press {
  /** By whose clock the day is told; without it, this computer's. */
  readonly zone?: string | undefined;
  readonly now: () => number;
  readonly fonts: () => Promise<{ regular: ArrayBuffer; bold: ArrayBuffer }>;
  readonly draw: Draw;
}

/**
 * A form that the agency has defined, in the language of the guest: they alone confirm it, so both see the words that they
 * have read. On the result German stands beside it, for whoever works with it. Undefined for what no page can show.
 */
export async function ownPaper(
  id: string,
  template: Template,
  language: Language,
  press: Press,
): Promise<Paper | undefined> {
  const form = formIn(template, language);
  if (!form) return undefined;
  const said = new TextEncoder().encode(JSON.stringify([language, form.title, form.fields]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", said));
  const digest = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    own: id,
    form: { ...form, digest, scripted: false },
    values: [],
    fill: async (values) => {
      const sheet = await sheetOf(template, language, values, press);
      const bytes = sheet && (await printed(sheet, await press.fonts(), press.draw));
      return bytes && new Blob([bytes], { type: "application/pdf" });
    },
  };
}

async function sheetOf(
  template: Template,
  language: Language,
  values: readonly Value[],
  { zone, now }: Press,
): Promise<Parameters<typeof printed>[0] | undefined> {
  const [shown, german] = [formIn(template, language), formIn(template, "de")];
  if (!shown || !german) return undefined;
  const own = await words(language);
  const office = language === "de" ? own : await words("de");
  const date = (tag: Language): string =>
    new Intl.DateTimeFormat(tag, { dateStyle: "long", ...(zone ? { timeZone: zone } : {}) }).format(now());
  const both = (tag: Paragraph["tag"], style: Paragraph["style"], ...texts: string[]): Paragraph[] =>
    [...new Set(texts)].map((said, n) => ({
      tag: n === 0 ? tag : "P",
      said,
      style: n === 0 ? style : "small",
    }));
  return {
    title: shown.title,
    language,
    footer: (page, of) => own("form.print.page", { page, of }),
    paragraphs: [
      ...both("H1", "title", shown.title, german.title),
      ...both(
        "P",
        "small",
        own("form.print.when", { date: date(language) }),
        office("form.print.when", { date: date("de") }),
      ),
      ...both("P", "small", own("form.print.confirmed"), office("form.print.confirmed")),
      ...shown.fields.flatMap(({ label, options }, at) => {
        const value = values[at];
        const same = german.fields[at]?.options[options.indexOf(String(value))];
        const answer = answerOf(value, own);
        const meant = typeof value === "boolean" ? answerOf(value, office) : (same ?? answer);
        return [
          ...both("H2", "question", label, german.fields[at]?.label ?? label),
          ...both("P", "answer", answer, meant),
        ];
      }),
    ],
  };
}

type Say = (key: keyof Awaited<ReturnType<typeof loadForm>>, params?: Parameters<typeof format>[2]) => string;

async function words(language: Language): Promise<Say> {
  const messages = await loadForm(language);
  return (key, params) => format(messages[key], language, params);
}

function answerOf(value: Value | undefined, t: Say): string {
  if (typeof value === "boolean") return t(value ? "form.ticked" : "form.unticked");
  return value === undefined || value.trim() === "" ? t("form.none") : value;
}

/** From our own origin. */
export async function ownFonts(): Promise<{ regular: ArrayBuffer; bold: ArrayBuffer }> {
  const [one, other] = await Promise.all([regular, bold].map(load));
  if (!one || !other) throw new Error("no fonts");
  return { regular: one, bold: other };
}

async function load(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(longestLoad) });
  if (!response.ok) throw new Error(`${String(response.status)} ${url}`);
  return response.arrayBuffer();
}
