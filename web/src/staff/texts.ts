import type { ApiError } from "../api/client";
import type { StaffKey } from "../i18n/staff";
import { type Texts, useTexts } from "../ui";

/** The texts of the staff pages, typed with all their keys. */
export function staffTexts(): Texts<StaffKey> {
  return useTexts<StaffKey>();
}

/** The sentence for a refusal; one that has none of its own is a general failure. */
export function sentenceFor(error: ApiError, { t }: Texts<StaffKey>): string {
  const key = `errors.${error.code}` as StaffKey;
  const sentence = t(key, { by: "", ...error.params });
  return sentence === key ? t("errors.internal") : sentence;
}

/** The field of the booking form that a refusal is about. */
export function fieldOf(code: string): "name" | "email" | "phone" | "time" | undefined {
  switch (code) {
    case "citizen.name":
      return "name";
    case "email.invalid":
      return "email";
    case "phone.invalid":
      return "phone";
    case "appointment.past":
    case "appointment.too_far":
    case "appointment.overlap":
      return "time";
    default:
      return undefined;
  }
}
