import type Words from "@locales/de/hold.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { TalkKey } from "../texts";

export type HoldKey = keyof typeof Words | TalkKey;

/** The texts of a halted talk, once they have come (loadHold). */
export function holdTexts(): Texts<HoldKey> {
  return useTexts<HoldKey>();
}

export async function loadHold(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/hold.json")).default;
    case "en":
      return (await import("@locales/en/hold.json")).default;
  }
}
