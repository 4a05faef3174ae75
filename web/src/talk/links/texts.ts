import type Words from "@locales/de/links.json";
import type { Language } from "../../i18n/languages";
import type { CommonKey } from "../../ui/texts.svelte";

export type LinksKey = keyof typeof Words | CommonKey;

export async function loadLinks(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/links.json")).default;
    case "en":
      return (await import("@locales/en/links.json")).default;
  }
}
