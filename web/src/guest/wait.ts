import type { GuestView } from "../api/types";

const step = 5; // minutes, as the server rounds

/**
 * What there is to be said of a wait now: minutes, to 0 is at once. The server says when it should be over; as long as
 * those who come first are not free by the time that this takes, it moves on. Undefined: nothing honest can be said.
 */
export function leftOf(
  { startsAt, wait }: GuestView,
  now: number,
): "starts" | { from: number; to: number } | undefined {
  const left = wait && Math.max(wait.until - now, wait.until - (wait.after ?? Infinity));
  if (now < startsAt && (left ?? 0) <= startsAt - now) return "starts";
  if (left === undefined || (left <= 0 && wait?.after)) return undefined;
  const from = Math.floor(left / 60_000 / step) * step;
  return { from, to: left > 0 ? from + 2 * step : 0 };
}
