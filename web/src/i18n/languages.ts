/** The languages of the catalogue, each in its own name. A new one needs its folder in locales/ and a line here. */
export const languages = [
  { tag: "de", name: "Deutsch" },
  { tag: "en", name: "English" },
] as const;

export type Language = (typeof languages)[number]["tag"];

/** The first of the wanted languages (as browsers list them) that the catalogue has; German otherwise. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split("-")[0];
    const found = languages.find((language) => language.tag === base);
    if (found) return found.tag;
  }
  return "de";
}
