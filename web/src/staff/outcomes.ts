import type { Outcome, Row } from "../api/types";

/** How late somebody may be before the server takes it for a no-show. */
const noShowPatienceMs = 10 * 60_000;

/**
 * What can be recorded from the list now. Nothing has a result before it has begun: its time has come, or there was a
 * talk. Whoever waits or has talked is no no-show; where the link was opened the server says so, with its reason.
 */
export function outcomesOf({ startsAt, seat }: Row, now: number): Outcome[] {
  if (now < startsAt && seat.talkedUntil === undefined) return [];
  const there = seat.state !== "expected" || seat.talkedUntil !== undefined;
  const missed = !there && now >= startsAt + noShowPatienceMs;
  return missed ? ["held", "phone", "technical", "noshow"] : ["held", "phone", "technical"];
}

/** The guest has gone, or the time is over, and nobody has said how it ended. */
export function lacksOutcome({ status, seat }: Row, now: number): boolean {
  return (
    status === "booked" &&
    seat.state === "expected" &&
    (seat.talkedUntil !== undefined || now >= seat.closesAt)
  );
}
