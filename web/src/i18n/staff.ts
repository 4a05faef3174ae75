import type Account from "./account.de";
import type Admin from "./admin.de";
import type { Language } from "./languages";
import type Source from "./staff.de";

export type StaffKey = keyof (typeof Source & typeof Admin & typeof Account);

/** Loads the texts of the staff pages in one language. */
export async function loadStaff(language: Language): Promise<typeof Source> {
  switch (language) {
    case "de":
      return (await import("./staff.de")).default;
    case "en":
      return (await import("./staff.en")).default;
  }
}

/** What only those read who administer. */
export async function loadAdmin(language: Language): Promise<typeof Admin> {
  switch (language) {
    case "de":
      return (await import("./admin.de")).default;
    case "en":
      return (await import("./admin.en")).default;
  }
}

/** What one reads of one's own account. */
export async function loadAccount(language: Language): Promise<typeof Account> {
  switch (language) {
    case "de":
      return (await import("./account.de")).default;
    case "en":
      return (await import("./account.en")).default;
  }
}
