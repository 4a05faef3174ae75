import { expect, test } from "vitest";
import { nearness } from "./until";

test("ten minutes before somebody can wait no longer it is said more urgently", () => {
  const until = Date.UTC(2026, 2, 2, 10, 45);
  const minute = 60_000;
  expect(nearness(until, until - 11 * minute)).toBe("far");
  expect(nearness(until, until - 10 * minute)).toBe("soon");
  expect(nearness(until, until - 1)).toBe("soon");
  expect(nearness(until, until)).toBe("over");
});
