import type { Language } from "../i18n/languages";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Who reads times, and by whose clocks: an office tells them as its mails do, whatever the device is set to. */
export interface Reader {
  readonly language: Language;
  /** As the IANA database names it; undefined: the device's own. */
  readonly zone: string | undefined;
}

/** The zone, unless this browser has never heard of it. */
export function knownZone(name: string | undefined): string | undefined {
  try {
    return new Intl.DateTimeFormat("de", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** What the clocks of a zone show, as if they stood in Greenwich. */
export function wall(at: number, zone: string | undefined): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}

/** Who reads English here lives in Europe: 19:05, not 7:05 PM. */
function localeOf(language: Language): string {
  return language === "en" ? "en-GB" : language;
}

/** "Dienstag, 24. November" */
export function dayText(at: number, { language, zone }: Reader): string {
  return new Intl.DateTimeFormat(localeOf(language), {
    timeZone: zone,
    weekday: "long",
    day: "numeric",
    month: "long",
  }).format(at);
}

/** A day that has a word of its own. */
export function nearDay(at: number, now: number, zone: string | undefined): "today" | "tomorrow" | "other" {
  const days = Math.floor(wall(at, zone) / day) - Math.floor(wall(now, zone) / day);
  return days === 0 ? "today" : days === 1 ? "tomorrow" : "other";
}

/** Day and time of a moment, as the texts ask for them. */
export function whenOf(
  at: number,
  now: number,
  reader: Reader,
): { day: "today" | "tomorrow" | "other"; date: string; time: string } {
  return { day: nearDay(at, now, reader.zone), date: dayText(at, reader), time: timeText(at, reader) };
}

/** "09:30", as mails say it, and so that lists align; the word around it ("Uhr") belongs to the text. */
export function timeText(at: number, { language, zone }: Reader): string {
  return new Intl.DateTimeFormat(localeOf(language), { timeZone: zone, timeStyle: "short" }).format(at);
}

export type Countdown = { unit: "now" } | { unit: "minutes" | "hours" | "days" | "since"; n: number };

/** How people say how long it is until then: never more than one unit, never a zero. */
export function countdown(at: number, now: number): Countdown {
  const minutes = Math.ceil((at - now) / minute);
  if (minutes <= 0) {
    const since = Math.floor((now - at) / minute);
    return since < 1 ? { unit: "now" } : { unit: "since", n: since };
  }
  if (minutes < 90) return { unit: "minutes", n: minutes };
  const hours = Math.round(minutes / 60);
  if (hours < 36) return { unit: "hours", n: hours };
  return { unit: "days", n: Math.round(hours / 24) };
}

export function minutesBetween(from: number, to: number): number {
  return Math.max(1, Math.round((to - from) / minute));
}
