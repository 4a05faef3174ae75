import type Words from "@locales/de/finer.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { TalkKey } from "../texts";

export type FinerKey = keyof typeof Words | TalkKey;

/** The texts about background and noise, once they have come (loadFiner). */
export function finerTexts(): Texts<FinerKey> {
  return useTexts<FinerKey>();
}

export async function loadFiner(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/finer.json")).default;
    case "en":
      return (await import("@locales/en/finer.json")).default;
  }
}
