import type Words from "@locales/de/form.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { CommonKey } from "../../ui/texts.svelte";
import type { ViewKey } from "../view/texts";

/** With those of what shows the result, which come with it. */
export type FormKey = keyof typeof Words | ViewKey | CommonKey;

/** The texts of forms, once they have come (loadForm). */
export function formTexts(): Texts<FormKey> {
  return useTexts<FormKey>();
}

export async function loadForm(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/form.json")).default;
    case "en":
      return (await import("@locales/en/form.json")).default;
  }
}
