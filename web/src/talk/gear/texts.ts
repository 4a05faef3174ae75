import type Words from "@locales/de/gear.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { TalkKey } from "../texts";

export type GearKey = keyof typeof Words | TalkKey;

/** The texts about what camera and microphone give, and what becomes of them, once they have come (loadGear). */
export function gearTexts(): Texts<GearKey> {
  return useTexts<GearKey>();
}

export async function loadGear(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/gear.json")).default;
    case "en":
      return (await import("@locales/en/gear.json")).default;
  }
}
