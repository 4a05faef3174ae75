import type { ApiError } from "../api/client";
import type { GuestKey } from "../i18n/guest";

const known = {
  "seat.elsewhere": "guest.refusal.elsewhere",
  "seat.too_early": "guest.refusal.early",
  "seat.too_late": "guest.refusal.late",
  "seat.closed": "guest.refusal.closed",
  "link.throttled": "guest.refusal.throttled",
  "phone.invalid": "guest.refusal.phone",
  network: "guest.refusal.network",
  timeout: "guest.refusal.network",
} as const satisfies Record<string, GuestKey>;

/** What to say when a click did not work; codes nobody expects here get one sentence that always helps. */
export function refusalKey(error: ApiError): GuestKey {
  return error.code in known ? known[error.code as keyof typeof known] : "guest.refusal.other";
}
