import type Words from "./de";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { TalkKey } from "../texts";

export type HoldKey = keyof typeof Words | TalkKey;

/** The texts of a halted talk, once they have come (loadHold); those of a talk of several come with them. */
export function holdTexts(): Texts<HoldKey> {
  return useTexts<HoldKey>();
}

export async function loadHold(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("./de")).default;
    case "en":
      return (await import("./en")).default;
  }
}
