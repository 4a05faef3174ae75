import { expect, test } from "vitest";
import { spanOf } from "./substituteDesk.svelte";

const zone = "Europe/Berlin";
const now = Date.UTC(2026, 10, 26, 18);

test("a substitution goes from the beginning of its first day to the end of its last", () => {
  expect(spanOf("2026-11-26", "2026-11-27", zone, now)).toEqual({
    from: Date.UTC(2026, 10, 25, 23),
    until: Date.UTC(2026, 10, 27, 23),
  });
  // A day on which clocks are set forward is shorter.
  expect(spanOf("2027-03-28", "2027-03-28", zone, now)).toEqual({
    from: Date.UTC(2027, 2, 27, 23),
    until: Date.UTC(2027, 2, 28, 22),
  });
});

test("what is no time, or over, is none", () => {
  expect(spanOf("2026-11-28", "2026-11-27", zone, now)).toBeUndefined();
  expect(spanOf("2026-11-24", "2026-11-25", zone, now)).toBeUndefined();
  expect(spanOf("", "2026-11-27", zone, now)).toBeUndefined();
  expect(spanOf("2026-11-27", "", zone, now)).toBeUndefined();
});
