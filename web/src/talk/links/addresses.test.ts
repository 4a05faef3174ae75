import { expect, test } from "vitest";
import { piecesOf } from "./addresses";

const hosts = (text: string): (string | undefined)[] => piecesOf(text).map(({ url }) => url?.host);

test.each([
  ["Guten Tag", [undefined]],
  ["https://example.org/a?b=c#d", ["example.org"]],
  ["Siehe https://example.org/formular.", [undefined, "example.org", undefined]],
  ["(https://example.org), bitte", [undefined, "example.org", undefined]],
  ["http://example.org:8080 und https://example.com", ["example.org:8080", undefined, "example.com"]],
  ["javascript:alert(1)", [undefined]],
  ["data:text/html,x", [undefined]],
  ["https://", [undefined]],
  ["https://agency.example@elsewhere.example/", [undefined]],
  // What looks like one letter and is another shows as what it is.
  ["https://exаmple.org", ["xn--exmple-4nf.org"]],
])("INP-06: %j has the addresses %j", (text, expected) => {
  expect(hosts(text)).toEqual(expected);
  expect(
    piecesOf(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
});

test("a text of nothing but beginnings is read in no time", () => {
  const text = "https://a.".repeat(400);
  expect(
    piecesOf(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
});
