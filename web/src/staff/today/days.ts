/** Days as the browser's clock divides them: "2026-11-24". */
const two = (value: number): string => String(value).padStart(2, "0");

export function localDay(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "10:30" */
export function localTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Noon of a day, which is in that day whatever the clocks are set to. */
export function dayOf(day: string): number {
  return at(day, "12:00");
}

export function shifted(day: string, days: number): string {
  const date = new Date(dayOf(day));
  date.setDate(date.getDate() + days);
  return localDay(date.getTime());
}

/** NaN when the fields are not filled. */
export function at(day: string, time: string): number {
  return new Date(`${day}T${time}:00`).getTime();
}

const step = 5 * 60_000;

/** The next full five minutes at which a span of time is free: what an appointment "now" most likely means. */
export function nextFree(
  now: number,
  minutes: number,
  taken: readonly { startsAt: number; endsAt: number }[],
): number {
  let start = Math.ceil(now / step) * step;
  for (const other of [...taken].sort((a, b) => a.startsAt - b.startsAt)) {
    if (other.startsAt < start + minutes * 60_000 && other.endsAt > start)
      start = Math.ceil(other.endsAt / step) * step;
  }
  return start;
}
