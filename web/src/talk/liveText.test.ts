import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mostAtOnce } from "../call/allowance";
import type { Added, Part, Ways } from "../call/channel";
import { Aloud } from "./aloud";
import { type LiveLine, LiveText, longestLine, mostLines } from "./liveText";

interface Page {
  text: LiveText;
  part: () => Part;
  shown: () => string[];
}

/** What the quick channel does with a message. */
type Fate = "arrives" | "is lost" | "waits";

interface Wire {
  /** The sure channel: what is told arrives, or cannot leave. */
  whole: boolean;
  quick: Fate;
  /** What waited arrives, the latest first. */
  late: () => void;
}

/** One end of the quick channel. */
class End extends EventTarget {
  readyState = "open";
  peer: End | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly waiting: (() => void)[],
  ) {
    super();
  }

  send(data: string): void {
    const arrive = (): void => void this.peer?.dispatchEvent(new MessageEvent("message", { data }));
    if (this.wire.quick === "arrives") arrive();
    if (this.wire.quick === "waits") this.waiting.push(arrive);
  }
}

function by(end: unknown, other = ""): Ways {
  return { quick: end, files: end, other } as Ways;
}

/** Two pages; what one tells, the other hears, while the wire is whole. */
function pair(quick: Fate = "arrives"): { one: Page; two: Page; wire: Wire } {
  const waiting: (() => void)[] = [];
  const late = (): void => {
    for (const arrive of waiting.splice(0).reverse()) arrive();
  };
  const wire: Wire = { whole: true, quick, late };
  const ends = [new End(wire, waiting), new End(wire, waiting)] as const;
  [ends[0].peer, ends[1].peer] = [ends[1], ends[0]];
  const parts: Part[] = [];
  const page = (index: 0 | 1): Page => {
    const text = new LiveText({
      attend: (part) => ((parts[index] = part), () => undefined),
      tell: (message: Added) => {
        if (wire.whole) parts[1 - index]?.heard(JSON.parse(JSON.stringify(message)) as Added);
        return wire.whole;
      },
    });
    const shown = (): string[] =>
      text.lines.value
        .filter(({ text: said }) => said !== "")
        .map(({ mine, text: said }) => `${mine ? "I" : "they"}: ${said}`);
    return { text, part: () => parts[index] as Part, shown };
  };
  const both = { one: page(0), two: page(1), wire };
  for (const [index, end] of ends.entries()) parts[index]?.opened?.(by(end));
  return both;
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

test("A11-02: what is lost is healed by what comes after it, or by saying it again", () => {
  const { one, two, wire } = pair("is lost");
  wire.whole = false;
  one.text.write("Ab");
  expect(two.shown()).toEqual([]);
  wire.quick = "arrives";
  one.text.write("Abc");
  expect(two.shown()).toEqual(["they: Abc"]);
  wire.quick = "is lost";
  one.text.write("Abcd");
  wire.quick = "arrives";
  vi.advanceTimersByTime(100);
  expect(two.shown()).toEqual(["they: Abcd"]);
});

test("A11-02: what is lost every time goes the sure way in the next pause, also what was taken back", () => {
  const { one, two } = pair("is lost");
  one.text.write("Ab");
  expect(two.shown()).toEqual([]);
  vi.advanceTimersByTime(500);
  expect(two.shown()).toEqual(["they: Ab"]);
  one.text.write("");
  vi.advanceTimersByTime(500);
  expect(two.shown()).toEqual([]);
});

test("A11-02: what arrives in another order changes nothing back", () => {
  const { one, two, wire } = pair("waits");
  for (const text of ["A", "Ab", "Abx", "Ab", "Abc"]) one.text.write(text);
  wire.late();
  expect(two.shown()).toEqual(["they: Abc"]);
});

test("A11-02: what is missing shows as such, until it is there", () => {
  const { one, two, wire } = pair("is lost");
  wire.whole = false;
  const long = "x".repeat(100);
  one.text.write(long);
  wire.quick = "arrives";
  one.text.write(`${long}y`);
  expect(two.shown()).toEqual([`they: ${"\uFFFD".repeat(40)}${"x".repeat(60)}y`]);
  wire.whole = true;
  vi.advanceTimersByTime(500);
  expect(two.shown()).toEqual([`they: ${long}y`]);
});

test("where there is no quick way, each character goes the sure one", () => {
  const { one, two, wire } = pair();
  wire.quick = "is lost";
  const closed = {
    readyState: "closed",
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  };
  one.part().opened?.(by(closed));
  one.text.write("A");
  expect(two.shown()).toEqual(["they: A"]);
});

test("AVA-02: a new connection says nothing twice, and a page that was loaded anew gets the latest lines", () => {
  const { one, two } = pair();
  one.text.write("eins");
  one.text.end();
  one.text.write("zwei");
  two.part().heard({ t: "type", again: true });
  expect(two.shown()).toEqual(["they: eins", "they: zwei"]);
});

test("who takes over the talk gets none of the lines that were for somebody else", () => {
  const { one, two } = pair();
  one.text.write("nur für Frau Krüger");
  one.part().opened?.(by(new EventTarget(), "Sabine Krüger"));
  const said: unknown[] = [];
  const heard = two.part().heard.bind(two.part());
  two.part().heard = (message) => (said.push(message.text), heard(message));
  one.part().opened?.(by(new EventTarget(), "Jonas Winter"));
  one.part().heard({ t: "type", again: true });
  expect(said.filter((text) => text !== undefined)).toEqual([]);
  one.text.write("für Sie");
  vi.advanceTimersByTime(500);
  expect(said.filter((text) => text !== undefined && text !== "für Sie")).toEqual([]);
});

test("what is said again stands before what came first and is newer", () => {
  const { two } = pair();
  const line = (count: number, change: number, text: string): void =>
    two.part().heard({ t: "type", line: `page-${count}`, change, at: 0, text });
  line(1, 5, "zwei");
  line(0, 3, "eins");
  line(2, 7, "drei");
  expect(two.shown()).toEqual(["they: eins", "they: zwei", "they: drei"]);
});

test("a page that floods the quick way loses what is too much", () => {
  const { two } = pair();
  const end = new EventTarget();
  two.part().opened?.(by(end));
  for (let change = 0; change < 10_000; change++) {
    const data = JSON.stringify({ t: "type", line: "a", change, at: 0, text: String(change) });
    end.dispatchEvent(new MessageEvent("message", { data }));
  }
  expect(two.shown()).toEqual([`they: ${mostAtOnce - 1}`]);
});

test.each([
  { line: "a b", change: 1, at: 0, text: "x" },
  { line: 7, change: 1, at: 0, text: "x" },
  { line: "a", change: 1, at: -1, text: "x" },
  { line: "a", change: 1, at: 1e9, text: "x" },
  { line: "a", change: 1, at: 0.5, text: "x" },
  { line: "a", change: 1, at: 0, text: { x: 1 } },
  { line: "a", change: 1, at: "0", text: "x" },
  { line: "a", change: -1, at: 0, text: "x" },
  { line: "a", at: 0, text: "x" },
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
  two.part().heard({ t: "type", line: line?.id, change: 9, at: 0, text: "forged" });
  expect(two.shown()).toEqual(["I: mine"]);
  one.text.write("x".repeat(3 * longestLine));
  expect(two.text.lines.value[1]?.text).toHaveLength(longestLine);
  for (let count = 0; count < 10_000; count++)
    two.part().heard({ t: "type", line: `l${count}`, change: 1, at: 0, text: "x" });
  expect(two.text.lines.value.length).toBeLessThanOrEqual(mostLines);
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const theirs = (text: string, ended = false): LiveLine[] => [
  { id: "a", mine: false, text, ended, change: 1 },
];

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
  aloud.follow([{ id: "b", mine: true, text: "Ich auch.", ended: true, change: 1 }]);
  vi.advanceTimersByTime(3_000);
  expect(said).toHaveLength(3);
});
