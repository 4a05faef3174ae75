import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mostPassed, Passes } from "./passes";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("a guest's page that floods the others is passed on no more than it may, and again later", () => {
  const passes = new Passes();
  const taken = (): number => Array.from({ length: 1_000 }, () => passes.take()).filter(Boolean).length;
  expect(taken()).toBe(mostPassed);
  expect(taken()).toBe(0);
  vi.advanceTimersByTime(5_000);
  expect(taken()).toBe(5);
});
