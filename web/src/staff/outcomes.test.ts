import { describe, expect, test } from "vitest";
import { row } from "./fakes";
import { outcomesOf } from "./outcomes";
import { phoneText } from "./phone";
import { nextFree, room, type Span } from "./today/team";

describe("what can be recorded", () => {
  const { startsAt } = row("a");

  test("nothing before it has begun", () => {
    expect(outcomesOf(row("a"), startsAt - 1)).toEqual([]);
    expect(outcomesOf(row("a", { seat: { state: "waiting" } }), startsAt - 1)).toEqual([]);
  });

  test("everything from its time on, and no no-show of who is there, or may only be late", () => {
    expect(outcomesOf(row("a"), startsAt)).toEqual(["held", "phone", "technical"]);
    const late = startsAt + 10 * 60_000;
    expect(outcomesOf(row("a"), late - 1)).not.toContain("noshow");
    expect(outcomesOf(row("a"), late)).toContain("noshow");
    expect(outcomesOf(row("a", { seat: { state: "waiting" } }), late)).toEqual([
      "held",
      "phone",
      "technical",
    ]);
  });

  test("after a talk, whenever that was", () => {
    expect(outcomesOf(row("a", { seat: { talkedUntil: startsAt - 1 } }), startsAt - 1)).toEqual([
      "held",
      "phone",
      "technical",
    ]);
  });
});

describe("the time that is proposed", () => {
  const minute = 60_000;
  const span = (from: number, to: number, advisor?: string): Span => ({
    advisor,
    startsAt: from * minute,
    endsAt: to * minute,
  });
  const proposed = (people: number, advisor: string | undefined, ...taken: Span[]): number =>
    nextFree(1 * minute, 20, { people, advisor }, taken) / minute;

  test("is the next full five minutes", () => {
    expect(proposed(2, "a")).toBe(5);
  });

  test("comes after what the advisor has, and not after what others have", () => {
    expect(proposed(2, "a", span(20, 40, "a"))).toBe(40);
    expect(proposed(2, "a", span(0, 40, "b"))).toBe(5);
  });

  test("leaves gaps unused that are too short", () => {
    expect(proposed(2, "a", span(0, 10, "a"), span(25, 43, "a"))).toBe(45);
  });

  test("is one at which the team has somebody left", () => {
    expect(proposed(2, undefined, span(0, 30, "a"))).toBe(5);
    expect(proposed(2, undefined, span(0, 30, "a"), span(10, 50))).toBe(30);
    expect(proposed(2, "b", span(0, 30), span(0, 40))).toBe(30);
  });

  test("needs one person for the whole time where nobody is named", () => {
    const shifts = [span(0, 20, "a"), span(20, 40, "b")];
    expect(room(2, span(0, 40), shifts)).toBe(false);
    expect(room(2, span(0, 40), [span(0, 20, "a"), span(20, 40, "a")])).toBe(true);
  });

  test("leaves somebody for those that are booked and name nobody", () => {
    const taken = [span(15, 45), span(0, 30, "a")];
    expect(room(2, span(30, 60, "b"), taken)).toBe(false);
    expect(room(2, span(30, 60, "a"), taken)).toBe(true);
    expect(room(2, span(45, 60, "b"), taken)).toBe(true);
    expect(room(3, span(30, 60, "b"), taken)).toBe(true);
    expect(proposed(2, "b", span(5, 30), span(0, 10, "a"))).toBe(30);
  });
});

describe("telephone numbers", () => {
  test.each([
    ["03055501", "030 555 01"],
    ["0305550101", "030 555 01 01"],
    ["01701112223", "0170 111 22 23"],
    ["0711567", "0711 567"],
    ["+491701112223", "+49 170 111 22 23"],
    ["+12025550123", "+1 202 555 01 23"],
    ["+35212345", "+352 123 45"],
    ["110", "110"],
  ])("%s is read as %s", (stored, shown) => {
    expect(phoneText(stored).replaceAll("\u00a0", " ")).toBe(shown);
  });

  test("no digit is lost", () => {
    for (let n = 5; n <= 16; n++) {
      const digits = "0123456789012345".slice(0, n);
      expect(phoneText(digits).replaceAll("\u00a0", "")).toBe(digits);
    }
  });
});
