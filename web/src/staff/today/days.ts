import { wall } from "../../i18n/times";

/** The day by the clocks of a zone: "2026-11-24". */
export function localDay(at: number, zone: string | undefined): string {
  return new Date(wall(at, zone)).toISOString().slice(0, 10);
}

/** "10:30" */
export function localTime(at: number, zone: string | undefined): string {
  return new Date(wall(at, zone)).toISOString().slice(11, 16);
}

/** Noon of a day, which is in that day whatever the clocks are set to. */
export function noon(day: string, zone: string | undefined): number {
  return at(day, "12:00", zone);
}

export function shifted(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** NaN when the fields are not filled. */
export function at(day: string, time: string, zone: string | undefined): number {
  const shown = Date.parse(`${day}T${time}:00Z`);
  if (Number.isNaN(shown)) return NaN;
  // How far the clocks are ahead, asked near the moment: they may be set forward or back around it.
  const near = shown - (wall(shown, zone) - shown);
  return shown - (wall(near, zone) - near);
}

const step = 5 * 60_000;

/** Full five minutes, not before that moment. */
export function ceilStep(at: number): number {
  return Math.ceil(at / step) * step;
}
