import type Words from "@locales/de/view.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { LookKey } from "../look/texts";

export type ViewKey = keyof typeof Words | LookKey;

/** The texts of files that are looked at, once they have come (loadView). */
export function viewTexts(): Texts<ViewKey> {
  return useTexts<ViewKey>();
}

export async function loadView(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/view.json")).default;
    case "en":
      return (await import("@locales/en/view.json")).default;
  }
}
