import { languages, type Language } from "../i18n/languages";

const storageKey = "visavis.language";

/** The language that was chosen in this browser: the list's choice holds in the talk's window, and the next day. */
export function keptLanguage(): Language | undefined {
  return known(read());
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(storageKey, language);
  } catch {
    // A browser that keeps nothing: then the choice holds for this window.
  }
}

/** Another window of this browser has chosen. */
export function onLanguageElsewhere(chosen: (language: Language) => void): void {
  globalThis.addEventListener("storage", (event) => {
    const language = event.key === storageKey ? known(event.newValue) : undefined;
    if (language !== undefined) chosen(language);
  });
}

function known(text: string | null): Language | undefined {
  return languages.find(({ tag }) => tag === text)?.tag;
}

function read(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}
