import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Point, Pointer, pointOf } from "./pointer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function pointed(): { pointer: Pointer; told: (Point | undefined)[] } {
  const told: (Point | undefined)[] = [];
  return { pointer: new Pointer((at) => void told.push(at)), told };
}

test("a mouse that reports a thousand times a second is told twenty times, and its last place always", () => {
  const { pointer, told } = pointed();
  for (let ms = 0; ms < 1_000; ms++) {
    pointer.move({ x: ms / 1_000, y: 0.5 });
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(100);
  expect(told.length).toBeGreaterThan(15);
  expect(told.length).toBeLessThan(25);
  expect(told.at(-1)).toEqual({ x: 0.999, y: 0.5 });
});

test("a hand that rests or leaves points no more, which is told once", () => {
  const { pointer, told } = pointed();
  pointer.move({ x: 0, y: 1 });
  vi.advanceTimersByTime(10_000);
  pointer.away();
  expect(told).toEqual([{ x: 0, y: 1 }, undefined]);
  pointer.move({ x: 1, y: 1 });
  pointer.away();
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([{ x: 0, y: 1 }, undefined, { x: 1, y: 1 }, undefined]);
});

test.each([{ x: -0.1, y: 0 }, { x: 2, y: 0 }, { x: "0", y: 0 }, { x: 0 }, [0, 0], null, "left"])(
  "INP-06: whoever points at %j points nowhere",
  (at) => {
    expect(pointOf({ t: "point", at })).toBeUndefined();
    expect(pointOf({ t: "point", at: { x: 0, y: 1, z: 2 } })).toEqual({ x: 0, y: 1 });
  },
);
