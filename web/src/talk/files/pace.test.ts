import { beforeEach, expect, test, vi } from "vitest";
import { Pace } from "./pace";

beforeEach(() => {
  vi.useFakeTimers();
});

// As the sender does: piece by piece, each when it may go.
function sent(pace: Pace, ms: number): number {
  const end = performance.now() + ms;
  let bytes = 0;
  for (;;) {
    const wait = pace.take(16_384);
    if (performance.now() + wait >= end) return bytes;
    vi.advanceTimersByTime(wait);
    bytes += 16_384;
  }
}

test.each([
  [{ sharing: false, weak: false }, 700_000],
  [{ sharing: true, weak: false }, 500_000],
  [{ sharing: true, weak: true }, 25_000],
])("beside %o files take no more than their part", (beside, bytes) => {
  const pace = Object.assign(new Pace(), beside);
  const all = sent(pace, 10_000) / 10;
  expect(all).toBeLessThanOrEqual(bytes);
  expect(all).toBeGreaterThan(bytes * 0.9);
});

test("after a pause no more goes at once than the relay takes", () => {
  const pace = new Pace();
  pace.take(16_384);
  vi.advanceTimersByTime(60_000);
  let atOnce = 0;
  while (pace.take(16_384) === 0) atOnce += 16_384;
  expect(atOnce).toBeLessThan(200_000);
});
