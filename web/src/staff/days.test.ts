import { expect, test } from "vitest";
import { at, localDay, localTime, noon, shifted } from "./today/days";

const zone = "Europe/Berlin";

test("a day and a time in the form are those of the office, in winter and in summer", () => {
  expect(at("2026-11-24", "10:30", zone)).toBe(Date.parse("2026-11-24T10:30:00+01:00"));
  expect(at("2026-07-24", "10:30", zone)).toBe(Date.parse("2026-07-24T10:30:00+02:00"));
  expect(at("2026-11-24", "10:30", "America/New_York")).toBe(Date.parse("2026-11-24T10:30:00-05:00"));
  expect(at("", "10:30", zone)).toBeNaN();
  expect(at("2026-11-24", "", zone)).toBeNaN();
});

test("on the days when the clocks change, each hour is found, and one that is missing is the next", () => {
  // 29 March 2026: from 2:00 to 3:00; 25 October: from 3:00 to 2:00.
  for (const [day, time, offset] of [
    ["2026-03-29", "01:59", "+01:00"],
    ["2026-03-29", "03:00", "+02:00"],
    ["2026-10-25", "01:00", "+02:00"],
    ["2026-10-25", "03:30", "+01:00"],
  ] as const) {
    const moment = at(day, time, zone);
    expect(moment).toBe(Date.parse(`${day}T${time}:00${offset}`));
    expect([localDay(moment, zone), localTime(moment, zone)]).toEqual([day, time]);
  }
  expect(localTime(at("2026-03-29", "02:30", zone), zone)).toMatch(/^0[13]:30$/);
});

test("days follow each other, whatever the clocks do", () => {
  expect(shifted("2026-03-28", 1)).toBe("2026-03-29");
  expect(shifted("2026-03-29", 1)).toBe("2026-03-30");
  expect(shifted("2027-01-01", -1)).toBe("2026-12-31");
  expect(localDay(noon("2026-10-25", zone), zone)).toBe("2026-10-25");
  const lateEvening = Date.parse("2026-11-24T23:30:00Z");
  expect(localDay(lateEvening, zone)).toBe("2026-11-25");
});
