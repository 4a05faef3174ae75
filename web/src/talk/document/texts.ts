import type Words from "@locales/de/document.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { CommonKey } from "../../ui/texts.svelte";

export type DocumentKey = keyof typeof Words | CommonKey;

/** The texts of documents, once they have come (loadDocument). */
export function documentTexts(): Texts<DocumentKey> {
  return useTexts<DocumentKey>();
}

export async function loadDocument(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/document.json")).default;
    case "en":
      return (await import("@locales/en/document.json")).default;
  }
}
