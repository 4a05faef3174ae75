import { getContext, setContext } from "svelte";
import type CommonMessages from "@locales/de/common.json";
import { format, type Params } from "../i18n/format";
import type { Language } from "../i18n/languages";

type Load<Key extends string> = (language: Language) => Promise<Partial<Record<Key, string>>>;
export type CommonKey = keyof typeof CommonMessages;

/** The texts of a page in the language its reader chose; what uses `t` in a template changes with the language. */
export class Texts<Key extends string> {
  #language = $state<Language>("de");
  /** By whose clocks times are told; undefined: the device's own. */
  zone = $state<string>();
  #wanted: Language = "de";
  #messages = $state.raw<Partial<Record<Key, string>>>({});
  readonly #parts: Load<Key>[];

  private constructor(load: Load<Key>) {
    this.#parts = [load];
  }

  static async open<Key extends string>(load: Load<Key>, language: Language): Promise<Texts<Key>> {
    const texts = new Texts(load);
    await texts.change(language);
    return texts;
  }

  get language(): Language {
    return this.#language;
  }

  readonly t = (key: Key, params?: Params): string => {
    return format(this.#messages[key] ?? key, this.#language, params);
  };

  readonly change = async (language: Language): Promise<void> => {
    this.#wanted = language;
    const parts = await Promise.all(this.#parts.map((load) => load(language)));
    // Somebody may have chosen another one meanwhile.
    if (language !== this.#wanted) return;
    this.#messages = Object.assign({}, ...parts) as Partial<Record<Key, string>>;
    this.#language = language;
    document.documentElement.lang = language;
  };

  /** Takes in texts that only a part of the page needs; from then on they change with the language too. */
  readonly add = async (load: Load<Key>): Promise<void> => {
    if (this.#parts.includes(load)) return;
    await load(this.#wanted);
    if (!this.#parts.includes(load)) this.#parts.push(load);
    await this.change(this.#wanted);
  };
}

const context = Symbol("texts");

/** Called once by the outermost component of a page. */
export function provideTexts<Key extends string>(texts: Texts<Key>): void {
  setContext(context, texts);
}

/** The page's texts; without a type argument only the common ones, which every page has. */
export function useTexts<Key extends string = CommonKey>(): Texts<Key> {
  return getContext<Texts<Key>>(context);
}
