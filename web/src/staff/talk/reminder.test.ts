import { beforeEach, describe, expect, test } from "vitest";
import type { TalkView } from "../../api/types";
import { Reminder } from "./reminder";

const minute = 60_000;
const ten = Date.UTC(2026, 2, 2, 10);
const ends = ten + 30 * minute;

const talk = (change: Partial<TalkView> = {}): TalkView =>
  ({
    id: "t1",
    admittedAt: ten,
    enteredAt: ten,
    appointment: { startsAt: ten, endsAt: ends },
    ...change,
  }) as TalkView;

describe("five minutes before the end of the appointment", () => {
  let kept: Record<string, string>;
  const memory = {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, value: string) => {
      kept[key] = value;
    },
  };
  beforeEach(() => (kept = {}));

  test("the advisor is told once, also after a reload", () => {
    const one = new Reminder(memory);
    expect(one.falls(talk(), ends - 5 * minute - 1)).toBe(false);
    expect(one.falls(talk(), ends - 5 * minute)).toBe(true);
    expect(one.falls(talk(), ends - 4 * minute)).toBe(false);
    expect(new Reminder(memory).falls(talk(), ends - 3 * minute)).toBe(false);
    expect(new Reminder(memory).falls(talk({ id: "t2" }), ends - 3 * minute)).toBe(true);
  });

  test("a talk that is not to be reminded says nothing", () => {
    const at = ends - 2 * minute;
    for (const change of [
      { admittedAt: ends - 5 * minute },
      { enteredAt: undefined },
      { endedAt: at },
    ] as Partial<TalkView>[])
      expect(new Reminder(memory).falls(talk(change), at)).toBe(false);
    expect(new Reminder(memory).falls(talk(), ends)).toBe(false);
  });
});
