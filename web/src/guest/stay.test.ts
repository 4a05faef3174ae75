import { expect, test } from "vitest";
import { stayTimes } from "./stay";

const at = (hour: number, minute: number, second = 0): number => Date.UTC(2026, 2, 2, hour, minute, second);

test("until when somebody can wait is chosen in five minutes, for two hours", () => {
  const times = stayTimes(at(10, 2, 30));
  expect(times[0]).toBe(at(10, 5));
  expect(times[1]).toBe(at(10, 10));
  expect(times).toHaveLength(24);
  expect(times.at(-1)).toBe(at(12, 0));
  expect(stayTimes(at(10, 5))[0]).toBe(at(10, 10));
});

test("what was said before is among them as long as it lies ahead", () => {
  expect(stayTimes(at(10, 0), at(10, 45))).toHaveLength(24);
  expect(stayTimes(at(10, 0), at(13, 0)).at(-1)).toBe(at(13, 0));
  expect(stayTimes(at(10, 0), at(9, 45))).not.toContain(at(9, 45));
});
