import type { Row } from "../api/types";
import { lacksOutcome } from "./outcomes";

export interface Groups {
  waiting: Row[];
  talking: Row[];
  /** Over, and nobody has said how it ended. */
  missing: Row[];
  next: Row[];
  done: Row[];
}

/** The day in the order in which it is worked through. */
export function grouped(rows: readonly Row[], filter: string, now: number): Groups {
  const wanted = filter.trim().toLocaleLowerCase();
  const shown = rows.filter((row) => row.citizen.name.toLocaleLowerCase().includes(wanted));
  const by =
    (value: (row: Row) => number) =>
    (a: Row, b: Row): number =>
      value(a) - value(b) || a.id.localeCompare(b.id);
  const start = by((row) => row.startsAt);
  const expected = shown.filter((row) => row.seat.state === "expected" && row.status === "booked");
  return {
    // Whose talk was interrupted has waited already.
    waiting: shown
      .filter((row) => row.seat.state === "waiting")
      .sort(by((row) => (row.seat.passed ? 0 : (row.seat.arrivedAt ?? 0)))),
    talking: shown.filter((row) => row.seat.state === "talking").sort(by((row) => row.talk?.admittedAt ?? 0)),
    missing: expected.filter((row) => lacksOutcome(row, now)).sort(start),
    next: expected.filter((row) => !lacksOutcome(row, now)).sort(start),
    done: shown.filter((row) => row.seat.state === "closed" || row.status !== "booked").sort(start),
  };
}
