import { ceilStep } from "./days";

/** A span of time that is taken; without an advisor, of anybody in the team. */
export interface Span {
  advisor?: string | undefined;
  startsAt: number;
  endsAt: number;
}

const overlap = (a: Span, b: Span): boolean => a.startsAt < b.endsAt && a.endsAt > b.startsAt;

/**
 * Whether so many people can keep one more appointment: no advisor has two at a time, at no moment are there more than
 * people, and where nobody is named, somebody has none of their own in all that time. That is asked of the new one, or
 * where it takes somebody who is named, of those that it overlaps. The server decides by the same rule.
 */
export function room(people: number, one: Span, taken: readonly Span[]): boolean {
  const others = taken.filter((other) => overlap(one, other));
  if (one.advisor !== undefined && others.some(({ advisor }) => advisor === one.advisor)) return false;
  const asked = one.advisor === undefined ? [one] : others.filter(({ advisor }) => advisor === undefined);
  const all = [...taken, one];
  const busy = (span: Span): number =>
    new Set(all.filter((other) => overlap(span, other)).flatMap(({ advisor }) => advisor ?? [])).size;
  if (asked.some((span) => busy(span) >= people)) return false;
  return others.every((other) => {
    const moment = Math.max(other.startsAt, one.startsAt);
    return others.filter(({ startsAt, endsAt }) => startsAt <= moment && moment < endsAt).length < people;
  });
}

/** The next full five minutes at which an appointment fits: what "now" most likely means. */
export function nextFree(
  now: number,
  minutes: number,
  who: { people: number; advisor: string | undefined },
  taken: readonly Span[],
): number {
  const starts = [now, ...taken.map(({ endsAt }) => endsAt).filter((end) => end > now)]
    .map(ceilStep)
    .sort((a, b) => a - b);
  const fits = (startsAt: number): boolean =>
    room(who.people, { advisor: who.advisor, startsAt, endsAt: startsAt + minutes * 60_000 }, taken);
  return starts.find(fits) ?? ceilStep(now);
}
