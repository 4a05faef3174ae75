import { expect, test } from "vitest";
import type { GuestView } from "../api/types";
import { leftOf } from "./wait";

const minute = 60_000;
const starts = 100 * minute;
const view = (wait?: { until: number; after?: number }): GuestView =>
  ({
    startsAt: starts,
    ...(wait && {
      wait: {
        from: 0,
        to: 0,
        until: wait.until * minute,
        ...(wait.after !== undefined && { after: wait.after * minute }),
      },
    }),
  }) as GuestView;
const left = (at: number, wait?: { until: number; after?: number }) => leftOf(view(wait), at * minute);

test("before the time it says when that is, unless it will be later", () => {
  expect(left(90)).toBe("starts");
  expect(left(90, { until: 100 })).toBe("starts");
  expect(left(90, { until: 110 })).toEqual({ from: 20, to: 30 });
});

test("it counts down, and then it is at once", () => {
  expect(left(101, { until: 110 })).toEqual({ from: 5, to: 15 });
  expect(left(109, { until: 110 })).toEqual({ from: 0, to: 10 });
  expect(left(110, { until: 110 })).toEqual({ from: 0, to: 0 });
  expect(left(130, { until: 110 })).toMatchObject({ to: 0 });
});

test("it never says less than true while those who come first are not free", () => {
  // A talk that should be over at 105, and one of half an hour before this one.
  const wait = { until: 135, after: 105 };
  expect(left(105, wait)).toEqual({ from: 30, to: 40 });
  expect(left(125, wait)).toEqual({ from: 30, to: 40 });
  // The talk is the only thing in the way, and should be over.
  expect(left(99, { until: 105, after: 105 })).toEqual({ from: 5, to: 15 });
  expect(left(106, { until: 105, after: 105 })).toBeUndefined();
  expect(left(98, { until: 100, after: 95 })).toEqual({ from: 5, to: 15 });
});

test("without a word of the server it promises nothing", () => {
  expect(left(101)).toBeUndefined();
});
