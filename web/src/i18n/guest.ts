import type Receipt from "@locales/de/receipt.json";
import type Seldom from "@locales/de/seldom.json";
import type Test from "@locales/de/test.json";
import type { Language } from "./languages";
import type Source from "./guest.de";
import type Later from "./later.de";

export type GuestKey = keyof (typeof Source & typeof Later & typeof Seldom & typeof Test & typeof Receipt);

/** Loads the texts of the guest pages in one language; the other languages stay on the server. */
export async function loadGuest(language: Language): Promise<typeof Source> {
  switch (language) {
    case "de":
      return (await import("./guest.de")).default;
    case "en":
      return (await import("./guest.en")).default;
  }
}

/** What is said in the talk, and after it. */
export async function loadLater(language: Language): Promise<typeof Later> {
  switch (language) {
    case "de":
      return (await import("./later.de")).default;
    case "en":
      return (await import("./later.en")).default;
  }
}

/** What few people have to read. */
export async function loadSeldom(language: Language): Promise<typeof Seldom> {
  switch (language) {
    case "de":
      return (await import("@locales/de/seldom.json")).default;
    case "en":
      return (await import("@locales/en/seldom.json")).default;
  }
}
