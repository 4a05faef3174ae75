import { describe, expect, test } from "vitest";
import { answerOf, fit, mostPixels } from "./words";

const shown = (change: object = {}) => ({
  do: "shown",
  shown: {
    number: 1,
    width: 2,
    height: 3,
    pixels: new Uint8ClampedArray(24),
    lines: ["Bescheid"],
    lacking: false,
    ...change,
  },
});

test("what a sandbox may say is understood", () => {
  expect(answerOf({ do: "opened", pages: 3 })).toEqual({ do: "opened", pages: 3 });
  expect(answerOf({ do: "need", part: "jbig2.wasm" })).toEqual({ do: "need", part: "jbig2.wasm" });
  expect(answerOf({ do: "failed", why: "locked" })).toEqual({ do: "failed", why: "locked" });
  expect(answerOf(shown())).toEqual(shown());
});

describe("what it must not say is nothing", () => {
  test.each([
    ["no object", "opened"],
    ["another word", { do: "open", url: "https://example.org" }],
    ["half a page", { do: "opened", pages: 0.5 }],
    ["no page at all", { do: "opened", pages: 0 }],
    ["a part that nobody has", { do: "need", part: "../../etc/passwd" }],
    ["a reason of its own", { do: "failed", why: "click here" }],
    ["fewer pixels than it says", shown({ width: 200 })],
    ["more than a telephone bears", shown({ width: 8_000, height: 8_000 })],
    ["pixels that are none", shown({ pixels: "<img src=x>" })],
    ["a buffer that others write to", shown({ pixels: new Uint8ClampedArray(new SharedArrayBuffer(24)) })],
  ])("%s", (_, said) => {
    expect(answerOf(said)).toBeUndefined();
  });
});

test("its text is text, without what turns or hides letters, and not without end", () => {
  const lines = ["\u202eIBAN\u0000 DE00", 7, "", "x".repeat(5_000), ...Array<string>(5_000).fill("y")];
  const answer = answerOf(shown({ lines }));
  const read = answer?.do === "shown" ? answer.shown.lines : [];
  expect(read[0]).toBe("IBAN  DE00");
  expect(read[1]).toHaveLength(2_000);
  expect(read.length).toBeLessThan(2_000);
});

test("what is too large is drawn smaller, and what fits as it is", () => {
  expect(fit(640, 400)).toBe(1);
  const scale = fit(100_000, 10);
  expect(100_000 * scale).toBeLessThanOrEqual(8_192);
  expect(9_000 * 9_000 * fit(9_000, 9_000) ** 2).toBeLessThanOrEqual(mostPixels + 1);
});
