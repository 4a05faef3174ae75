import { expect, it } from "vitest";
import { Packing } from "./packing";

const takes = (packing: Packing, thin: boolean, ...lost: number[]): boolean | undefined =>
  lost.map((share) => packing.take(thin, share)).at(-1);

it("packs a thin voice into long packets, and no other", () => {
  const packing = new Packing();
  expect(takes(packing, false, 0.3)).toBe(false);
  expect(takes(packing, true, 0)).toBe(true);
});

it("goes back to short ones where packets are lost although there is room, and stays there", () => {
  const packing = new Packing();
  expect(takes(packing, true, 0.3, 0.3, 0.2)).toBe(true); // the queue of before
  expect(takes(packing, true, 0.1, 0)).toBe(true); // a moment
  expect(takes(packing, true, 0.1, 0.1)).toBe(false);
  expect(takes(packing, true, 0, 0)).toBe(false);
});

it("begins anew with the next thin voice", () => {
  const packing = new Packing();
  takes(packing, true, 0.1, 0.1, 0.1, 0.1, 0.1);
  takes(packing, false, 0);
  expect(takes(packing, true, 0)).toBe(true);
});
