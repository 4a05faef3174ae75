import type Words from "@locales/de/files.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { CommonKey } from "../../ui/texts.svelte";
import type { ViewKey } from "../view/texts";

/** With those of what shows a file, which come with it. */
export type FilesKey = keyof typeof Words | ViewKey | CommonKey;

/** The texts of files, once they have come (loadFiles). */
export function filesTexts(): Texts<FilesKey> {
  return useTexts<FilesKey>();
}

export async function loadFiles(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/files.json")).default;
    case "en":
      return (await import("@locales/en/files.json")).default;
  }
}
