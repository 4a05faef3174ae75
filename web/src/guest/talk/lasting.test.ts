import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lasting } from "./lasting";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a bad moment changes nothing, and what lasts is told once, until it is over", () => {
  const told: boolean[] = [];
  const lasting = new Lasting(20_000, (lasts) => told.push(lasts));
  lasting.take(true);
  vi.advanceTimersByTime(19_000);
  lasting.take(false);
  lasting.take(true);
  vi.advanceTimersByTime(19_000);
  expect(told).toEqual([false]);
  lasting.take(true);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([false, true]);
  lasting.take(false);
  expect(told).toEqual([false, true, false]);
});

test("nothing is told of a talk that is over", () => {
  const tell = vi.fn();
  const lasting = new Lasting(20_000, tell);
  lasting.take(true);
  lasting.close();
  vi.advanceTimersByTime(60_000);
  expect(tell).not.toHaveBeenCalled();
});
