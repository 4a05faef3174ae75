import { expect, test } from "vitest";
import { argumentsOf, format } from "./format";

test("plain text stays as it is", () => {
  expect(format("Ihr Platz bleibt frei.", "de")).toBe("Ihr Platz bleibt frei.");
  expect(format("It's open", "en")).toBe("It's open");
});

test("arguments are filled in, numbers in the way of the language", () => {
  expect(format("{name} sieht {count}", "de", { name: "Frau Sommer", count: 1234 })).toBe(
    "Frau Sommer sieht 1.234",
  );
});

test("plural picks the exact number, then the form of the language", () => {
  const message = "{n, plural, =0 {niemand wartet} one {# Person wartet} other {# Personen warten}}";
  expect([0, 1, 2].map((n) => format(message, "de", { n }))).toEqual([
    "niemand wartet",
    "1 Person wartet",
    "2 Personen warten",
  ]);
});

test("select falls back to other and may hold a plural", () => {
  const message = "{who, select, you {Sie} other {{n, plural, one {ein Gast} other {# Gäste}}}}";
  expect(format(message, "de", { who: "you", n: 3 })).toBe("Sie");
  expect(format(message, "de", { who: "they", n: 3 })).toBe("3 Gäste");
});

test("an apostrophe quotes braces", () => {
  expect(format("Code '{'x'}' und ''so''", "de")).toBe("Code {x} und 'so'");
});

test("a missing argument is an error, not a gap in the sentence", () => {
  expect(() => format("Guten Tag, {name}", "de")).toThrow("name");
});

test.each(["{", "{a, date}", "{a, plural, one {x}}", "{a, select, x}"])(
  "the broken message %s is refused",
  (message) => {
    expect(() => format(message, "de", { a: 1 })).toThrow();
  },
);

test("arguments of all branches are known", () => {
  expect(argumentsOf("{b} {a, select, x {{c}} other {}}")).toEqual(["a", "b", "c"]);
});
