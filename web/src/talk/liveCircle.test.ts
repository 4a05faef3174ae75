import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Added, Part, Ways } from "../call/channel";
import { LiveText } from "./liveText";
import type { Member } from "./circle";

/** A guest's page, connected with the advisor's. */
interface Guest {
  text: LiveText;
  part: Part;
  member: Member;
  shown: () => string[];
  /** What the advisor's page says to it. */
  told: Added[];
}

const copy = (message: Added): Added => JSON.parse(JSON.stringify(message)) as Added;

/** The page of who leads the talk, and those of the guests, the first of whom is the citizen. */
function talkOf(...names: string[]) {
  const desk: Part[] = [];
  const calls = names.map((name, index) => {
    const told: Added[] = [];
    let part: Part | undefined;
    const hear = (message: Added): boolean => (told.push(message), part?.heard(copy(message)), true);
    const quick = Object.assign(new EventTarget(), {
      readyState: "open",
      send: (data: string) => hear(JSON.parse(data) as Added),
    });
    const call = {
      attend: (own: Part) => (
        (desk[index] = own),
        own.opened?.({ quick, other: name } as unknown as Ways),
        () => undefined
      ),
      tell: hear,
    };
    const text = new LiveText({
      attend: (own) => ((part = own), () => undefined),
      tell: (message) => (desk[index]?.heard(copy(message)), true),
    });
    const shown = (): string[] =>
      text.lines.value
        .filter(({ text: said }) => said !== "")
        .map(({ mine, by, text: said }) => `${mine ? "I" : (by ?? "they")}: ${said}`);
    const member: Member = {
      talk: `${index}-talk-of-${name}`,
      name,
      call: call as unknown as Member["call"],
      apart: false,
    };
    return { call, guest: { text, part: part as unknown as Part, member, shown, told } };
  });
  const [main, ...others] = calls;
  if (!main) throw new Error("nobody");
  const own = new LiveText(main.call);
  const meet = (members: readonly Member[]): void => {
    own.meet(members, names[0] ?? "");
  };
  meet(others.map(({ guest }) => guest.member));
  return { own, meet, desk, guests: calls.map(({ guest }) => guest) as [Guest, Guest, Guest] };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("A11-01: in a talk of several all read each character, with the name of who types it", () => {
  const { own, guests } = talkOf("Gerda", "Ada", "Rolf");
  const [gerda, ada, rolf] = guests;
  gerda.text.write("Gu");
  expect(ada.shown()).toEqual(["Gerda: Gu"]);
  ada.text.write("Ich");
  expect(gerda.shown()).toEqual(["I: Gu", "Ada: Ich"]);
  own.write("Ja");
  for (const guest of [gerda, ada, rolf]) expect(guest.shown()).toContain("they: Ja");
  expect(rolf.shown()).toEqual(["Gerda: Gu", "Ada: Ich", "they: Ja"]);
  expect(own.lines.value.map(({ by, text }) => [by, text])).toEqual([
    [undefined, "Gu"],
    ["Ada", "Ich"],
    [undefined, "Ja"],
  ]);
});

test("who is asked out reads nothing, and what they type is for who leads the talk alone; nor do they read the rest", () => {
  const { own, meet, guests } = talkOf("Gerda", "Ada", "Rolf");
  const [gerda, ada, rolf] = guests;
  own.write("Das bleibt");
  meet([{ ...ada.member, apart: true }, rolf.member]);
  own.write("Das bleibt unter uns");
  gerda.text.write("Gewiss");
  ada.text.write("Hallo?");
  expect(ada.shown()).toEqual(["they: Das bleibt", "I: Hallo?"]);
  expect([...gerda.shown(), ...rolf.shown()].join()).not.toContain("Hallo");
  expect(own.lines.value.some(({ text }) => text === "Hallo?")).toBe(true);
  meet([ada.member, rolf.member]);
  own.write("Das bleibt unter uns!");
  gerda.text.write("Gewiss.");
  ada.text.write("Hallo? Bin da");
  vi.advanceTimersByTime(1_000);
  ada.part.heard({ t: "type", again: true });
  expect(ada.told.map(({ text }) => text).join()).not.toMatch(/unter uns|Gewiss/);
  expect([...gerda.shown(), ...rolf.shown()].join()).not.toContain("Hallo");
  own.end();
  own.write("Willkommen");
  expect(ada.shown()).toContain("they: Willkommen");
});

test("who comes later is not told what was typed before, nor the rest of such a line", () => {
  const { own, meet, guests } = talkOf("Gerda", "Ada", "Rolf");
  const [gerda, ada, rolf] = guests;
  meet([ada.member]);
  own.write("vor");
  gerda.text.write("früher");
  rolf.told.length = 0;
  meet([ada.member, rolf.member]);
  own.write("vorher");
  gerda.text.write("früher!");
  vi.advanceTimersByTime(1_000);
  expect(rolf.told.filter(({ text }) => text !== undefined)).toEqual([]);
});

test("a page that is loaded anew gets what it had, and a page that leads passes nothing old on", () => {
  const { own, desk, guests } = talkOf("Gerda", "Ada", "Rolf");
  const [gerda, ada, rolf] = guests;
  gerda.text.write("eins");
  own.write("zwei");
  rolf.text.write("drei");
  ada.told.length = 0;
  desk[1]?.heard({ t: "type", again: true });
  expect(ada.told.map(({ text, by }) => [by, text])).toEqual([
    ["Gerda", "eins"],
    [undefined, "zwei"],
    ["Rolf", "drei"],
  ]);
  const fresh = talkOf("Gerda", "Ada", "Rolf");
  fresh.desk[1]?.heard({ t: "type", line: "before-1", change: 1, at: 0, text: "vertraulich", old: true });
  fresh.desk[1]?.heard({ t: "type", line: "before-1", change: 2, at: 0, text: "vertraulich!" });
  expect(fresh.guests[0].shown()).toEqual([]);
  expect(fresh.own.lines.value).toHaveLength(1);
});

test("nobody writes in the name of somebody else, nor into their line, nor before it", () => {
  const { own, desk, guests } = talkOf("Gerda", "Ada", "Rolf");
  const [gerda, ada, rolf] = guests;
  gerda.text.write("von mir");
  const [line] = own.lines.value;
  desk[1]?.heard({
    t: "type",
    line: line?.id,
    change: 99,
    at: 0,
    text: "gefälscht",
    by: "Gerda",
    extra: "x",
  });
  expect(own.lines.value.map(({ by, text }) => [by, text])).toEqual([
    [undefined, "von mir"],
    ["Ada", "gefälscht"],
  ]);
  expect(rolf.shown()).toEqual(["Gerda: von mir", "Ada: gefälscht"]);
  expect(rolf.told.some((message) => "extra" in message)).toBe(false);
  desk[0]?.heard({ t: "type", line: "a", change: 1, at: 0, text: "ich bin Sabine", by: "Sabine" });
  expect(own.lines.value.at(-1)?.by).toBeUndefined();
  expect(ada.shown().at(-1)).toBe("Gerda: ich bin Sabine");
});

test("a guest's page that floods the others is passed on within bounds", () => {
  const { desk, guests } = talkOf("Gerda", "Ada");
  for (let change = 0; change < 5_000; change++)
    desk[1]?.heard({ t: "type", line: "a", change, at: 0, text: "x" });
  expect(guests[0].told.filter(({ by }) => by === "Ada").length).toBeLessThanOrEqual(301);
});
