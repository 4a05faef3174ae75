import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Added, Part } from "../../call/channel";
import { Held, Holding, reasonOf } from "./hold";

/** Two pages with a channel between them, and whether each is halted. */
function pages(): { staff: Page; guest: Page; join: () => void } {
  const staff = page(() => guest);
  const guest = page(() => staff);
  return {
    staff,
    guest,
    join: () => {
      for (const { parts } of [staff, guest]) for (const part of parts) part.opened?.({} as never);
    },
  };
}

interface Page {
  parts: Set<Part>;
  halted: boolean;
  attend: (part: Part) => () => void;
  tell: (message: Added) => boolean;
  hold: (on: boolean) => void;
}

function page(other: () => Page): Page {
  const made: Page = {
    parts: new Set(),
    halted: false,
    attend: (part) => {
      made.parts.add(part);
      return () => made.parts.delete(part);
    },
    tell: (message) => {
      for (const part of other().parts) part.heard(JSON.parse(JSON.stringify(message)) as Added);
      return true;
    },
    hold: (on) => (made.halted = on),
  };
  return made;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a halted talk", () => {
  it("stands still on both sides, and the guest is told why", () => {
    const { staff, guest } = pages();
    const held = new Held(guest);
    const holding = new Holding(staff, undefined);
    holding.set("look");
    expect([staff.halted, guest.halted, held.why.value]).toEqual([true, true, "look"]);
    holding.set(undefined);
    expect([staff.halted, guest.halted, held.why.value]).toEqual([false, false, undefined]);
  });

  it("is told to a page of the guest that has been loaded anew", () => {
    const { staff, guest, join } = pages();
    new Holding(staff, undefined).set("ask");
    const held = new Held(guest);
    join();
    vi.runAllTimers();
    expect([guest.halted, held.why.value]).toEqual([true, "ask"]);
  });

  it("goes on where the page that halted it is gone, and the one that came instead says nothing of it", () => {
    const { staff, guest, join } = pages();
    const held = new Held(guest);
    const holding = new Holding(staff, "break");
    expect(guest.halted).toBe(true);
    holding.close();
    join();
    expect(guest.halted).toBe(true);
    vi.runAllTimers();
    expect([guest.halted, held.why.value]).toEqual([false, undefined]);
  });

  it("is halted by a reason that is not known yet, and by no other value", () => {
    expect(reasonOf("lunch")).toBe("break");
    expect(reasonOf("ask")).toBe("ask");
    for (const value of [undefined, null, 1, {}, ["ask"]]) expect(reasonOf(value)).toBeUndefined();
  });

  it("leaves the guest's devices as they were when the talk is over", () => {
    const { staff, guest } = pages();
    const held = new Held(guest);
    new Holding(staff, "ask");
    held.close();
    expect(guest.halted).toBe(false);
  });
});
