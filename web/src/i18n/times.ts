import type { Language } from "../i18n/languages";

const minute = 60_000;

/** Who reads English here lives in Europe: 19:05, not 7:05 PM. */
function localeOf(language: Language): string {
  return language === "en" ? "en-GB" : language;
}

/** "Dienstag, 24. November" */
export function dayText(at: number, language: Language): string {
  return new Intl.DateTimeFormat(localeOf(language), {
    weekday: "long",
    day: "numeric",
    month: "long",
  }).format(at);
}

/** A day that has a word of its own. */
export function nearDay(at: number, now: number): "today" | "tomorrow" | "other" {
  const day = new Date(at).toDateString();
  if (day === new Date(now).toDateString()) return "today";
  const next = new Date(now);
  next.setDate(next.getDate() + 1);
  return day === next.toDateString() ? "tomorrow" : "other";
}

/** "10:30"; the word around it ("Uhr") belongs to the text. */
export function timeText(at: number, language: Language): string {
  return new Intl.DateTimeFormat(localeOf(language), { hour: "numeric", minute: "2-digit" }).format(at);
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

/** "4:07" or "1:04:07" */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const rest = `${Math.floor(seconds / 60) % 60}`;
  return hours > 0 ? `${hours}:${two(Number(rest))}:${two(seconds % 60)}` : `${rest}:${two(seconds % 60)}`;
}
