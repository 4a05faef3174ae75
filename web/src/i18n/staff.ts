import type { Language } from "./languages";
import type Source from "./staff.de";

export type StaffKey = keyof typeof Source;

/** Loads the texts of the staff pages in one language. */
export async function loadStaff(language: Language): Promise<Record<StaffKey, string>> {
  switch (language) {
    case "de":
      return (await import("./staff.de")).default;
    case "en":
      return (await import("./staff.en")).default;
  }
}
