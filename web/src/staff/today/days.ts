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

/** Full five minutes, not before that moment. */
export function ceilStep(at: number): number {
  return Math.ceil(at / step) * step;
}
