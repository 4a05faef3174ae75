import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Added, Part } from "../call/channel";
import { Aloud } from "./aloud";
import { type LiveLine, LiveText, longestLine, mostLines } from "./liveText";

interface Page {
  text: LiveText;
  part: () => Part;
  shown: () => string[];
}

/** Two pages; what one tells, the other hears, while the wire is whole. */
function pair(): { one: Page; two: Page; wire: { whole: boolean } } {
  const wire = { whole: true };
  const parts: Part[] = [];
  const page = (index: number): Page => {
    const text = new LiveText({
      attend: (part) => ((parts[index] = part), () => undefined),
      tell: (message: Added) => {
        if (wire.whole) parts[1 - index]?.heard(JSON.parse(JSON.stringify(message)) as Added);
        return wire.whole;
      },
    });
    const shown = (): string[] =>
      text.lines.value.map(({ mine, text: said }) => `${mine ? "I" : "they"}: ${said}`);
    return { text, part: () => parts[index] as Part, shown };
  };
  return { one: page(0), two: page(1), wire };
}

test("A11-01: each character is there before the next one is typed, of both sides at once", () => {
  const { one, two } = pair();
  one.text.write("G");
  expect(two.shown()).toEqual(["they: G"]);
  two.text.write("J");
  one.text.write("Gu");
  expect(two.shown()).toEqual(["they: Gu", "I: J"]);
  expect(one.shown()).toEqual(["I: Gu", "they: J"]);
});

test("what is taken back, or changed in the middle, is changed there; a character of two units stays whole", () => {
  const { one, two } = pair();
  one.text.write("Gutem Tag");
  one.text.write("Guten Tag");
  expect(two.shown()).toEqual(["they: Guten Tag"]);
  one.text.write("👍🏽");
  one.text.write("👎🏽");
  expect(two.shown()).toEqual(["they: 👎🏽"]);
  one.text.write("");
  one.text.end();
  one.text.write("neu");
  expect(two.shown()).toEqual(["they: neu"]);
});

test("Enter begins a new line", () => {
  const { one, two } = pair();
  one.text.write("eins");
  one.text.end();
  one.text.write("zwei");
  expect(two.shown()).toEqual(["they: eins", "they: zwei"]);
});

test("A11-02: what got lost shows as such, and is there once the connection is back", () => {
  const { one, two, wire } = pair();
  one.text.write("Ab");
  wire.whole = false;
  one.text.write("Abcd");
  wire.whole = true;
  one.text.write("Abcde");
  expect(two.shown()).toEqual(["they: Ab\uFFFD\uFFFDe"]);
  one.part().opened?.();
  expect(two.shown()).toEqual(["they: Abcde"]);
});

test("AVA-02: a new connection says nothing twice, and a page that was loaded anew gets the latest lines", () => {
  const { one, two } = pair();
  one.text.write("eins");
  one.text.end();
  one.text.write("zwei");
  one.part().opened?.();
  expect(two.shown()).toEqual(["they: eins", "they: zwei"]);
});

test("a page that attends later than its channel has opened asks for what it has missed", () => {
  const told: Added[] = [];
  const tell = (message: Added): boolean => told.push(message) > 0;
  let part: Part | undefined;
  const early = new LiveText({ attend: (attended) => ((part = attended), () => undefined), tell });
  early.write("eins");
  told.length = 0;
  part?.heard({ t: "type", again: true });
  expect(told).toMatchObject([{ t: "type", at: 0, text: "eins" }]);
  new LiveText({ attend: () => () => undefined, tell });
  expect(told.at(-1)).toEqual({ t: "type", again: true });
});

test.each([
  { line: "a b", at: 0, text: "x" },
  { line: 7, at: 0, text: "x" },
  { line: "a", at: -1, text: "x" },
  { line: "a", at: 1e9, text: "x" },
  { line: "a", at: 0, text: { x: 1 } },
  { line: "a", at: "0", text: "x" },
  {},
])("INP-06: %j is ignored", (message) => {
  const { two } = pair();
  two.part().heard({ t: "type", ...message });
  expect(two.shown()).toEqual([]);
});

test("nobody writes into the lines of the other one, or more than there is room for", () => {
  const { one, two } = pair();
  two.text.write("mine");
  const [line] = two.text.lines.value;
  two.part().heard({ t: "type", line: line?.id, at: 0, text: "forged" });
  expect(two.shown()).toEqual(["I: mine"]);
  one.text.write("x".repeat(3 * longestLine));
  expect(two.text.lines.value[1]?.text).toHaveLength(longestLine);
  for (let count = 0; count < 10_000; count++)
    two.part().heard({ t: "type", line: `l${count}`, at: 0, text: "x" });
  expect(two.text.lines.value.length).toBeLessThanOrEqual(mostLines);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const theirs = (text: string, ended = false): LiveLine[] => [{ id: "a", mine: false, text, ended }];

test("A11-03: it is read out by sentences and in pauses, each part once", () => {
  const said: string[] = [];
  const aloud = new Aloud((text) => void said.push(text));
  for (const text of ["Gu", "Guten", "Guten Tag.", "Guten Tag. Ich", "Guten Tag. Ich höre"]) {
    aloud.follow(theirs(text));
    vi.advanceTimersByTime(200);
  }
  expect(said).toEqual(["Guten Tag."]);
  vi.advanceTimersByTime(3_000);
  expect(said).toEqual(["Guten Tag.", "Ich höre"]);
  aloud.follow(theirs("Guten Tag. Ich höre nichts", true));
  vi.advanceTimersByTime(3_000);
  expect(said).toEqual(["Guten Tag.", "Ich höre", "nichts"]);
  aloud.follow([{ id: "b", mine: true, text: "Ich auch.", ended: true }]);
  vi.advanceTimersByTime(3_000);
  expect(said).toHaveLength(3);
});
