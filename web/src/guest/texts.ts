import type { GuestKey } from "../i18n/guest";
import { type Texts, useTexts } from "../ui";

/** The texts of the guest pages, typed with all their keys. */
export function guestTexts(): Texts<GuestKey> {
  return useTexts<GuestKey>();
}
