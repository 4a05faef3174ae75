import type Words from "@locales/de/look.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { CommonKey } from "../../ui/texts.svelte";

export type LookKey = keyof typeof Words | CommonKey;

/** The texts of what is looked at, once they have come (loadLook). */
export function lookTexts(): Texts<LookKey> {
  return useTexts<LookKey>();
}

export async function loadLook(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/look.json")).default;
    case "en":
      return (await import("@locales/en/look.json")).default;
  }
}
