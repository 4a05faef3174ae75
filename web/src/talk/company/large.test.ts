import { expect, test } from "vitest";
import { turned } from "./large";

test("two are shown large, and a third takes the place of the first", () => {
  const large = turned(turned([], "signs"), "speaks");
  expect(large).toEqual(["signs", "speaks"]);
  expect(turned(large, "another")).toEqual(["speaks", "another"]);
});

test("who is shown large is so until somebody says otherwise", () => {
  expect(turned(["signs", "speaks"], "signs")).toEqual(["speaks"]);
});
