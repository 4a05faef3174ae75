import type { Language } from "./languages";
import type Source from "./guest.de";

export type GuestKey = keyof typeof Source;

/** Loads the texts of the guest pages in one language; the other languages stay on the server. */
export async function loadGuest(language: Language): Promise<Record<GuestKey, string>> {
  switch (language) {
    case "de":
      return (await import("./guest.de")).default;
    case "en":
      return (await import("./guest.en")).default;
  }
}
