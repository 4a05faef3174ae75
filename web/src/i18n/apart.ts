import type Receipt from "@locales/de/receipt.json";
import type Test from "@locales/de/test.json";
import type { Language } from "./languages";

// Texts of pages beside those of an appointment. Apart, so that nobody loads even the way to them who needs none.

/** What only the test page says. */
export async function loadTest(language: Language): Promise<typeof Test> {
  switch (language) {
    case "de":
      return (await import("@locales/de/test.json")).default;
    case "en":
      return (await import("@locales/en/test.json")).default;
  }
}

/** What a receipt says, and what is said of it. */
export async function loadReceipt(language: Language): Promise<typeof Receipt> {
  switch (language) {
    case "de":
      return (await import("@locales/de/receipt.json")).default;
    case "en":
      return (await import("@locales/en/receipt.json")).default;
  }
}
