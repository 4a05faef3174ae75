import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Call } from "../../call/call";
import type { Added, Part, Ways } from "../../call/channel";
import type { Passed } from "../../call/pair";
import { type CallState, initialState } from "../../call/state";
import { Store } from "../../call/store";
import { Guests } from "./guests";

const pairs = vi.hoisted(() => [] as FakePair[]);

interface FakePair {
  offers: boolean;
  sharp: boolean;
  held: boolean;
  closed: boolean;
  taken: Passed[];
  pass: (description: Passed) => boolean;
}

vi.mock("../../call/pair", async () => {
  const { Store } = await import("../../call/store");
  return {
    Pair: class {
      readonly state = new Store({ connected: true, mic: true, camera: true, sharing: false });
      held = false;
      closed = false;
      readonly taken: Passed[] = [];

      constructor(
        _call: unknown,
        readonly offers: boolean,
        _describe: unknown,
        readonly pass: (description: Passed) => boolean,
        readonly sharp: boolean,
      ) {
        pairs.push(this);
      }
      hold(on: boolean): void {
        this.held = on;
      }
      reached(): void {
        // Looked at nowhere here.
      }
      take(passed: Passed): Promise<void> {
        this.taken.push(passed);
        return Promise.resolve();
      }
      close(): void {
        this.closed = true;
      }
    },
  };
});

/** A guest's page in a talk, and what the advisor's page says to it. */
function page(own = "talk-5"): {
  guests: Guests;
  says: (message: Added) => void;
  opens: () => void;
  told: Added[];
  state: Store<CallState>;
  held: () => boolean;
} {
  const state = new Store<CallState>({ ...initialState, phase: "connected" });
  const told: Added[] = [];
  let part: Part | undefined;
  const call = {
    attend: (next: Part) => {
      part = next;
      return () => undefined;
    },
    subscribe: state.subscribe.bind(state),
    tell: (message: Added) => {
      told.push(message);
      return true;
    },
    hold: (on: boolean) => {
      state.set({ ...state.value, local: { ...state.value.local, held: on } });
    },
  };
  const describe = (): Promise<{ sdp: string }> => Promise.resolve({ sdp: "" });
  const guests = new Guests(call as unknown as Call, { own, sharp: false, describe });
  return {
    guests,
    says: (message) => part?.heard(message),
    opens: () => part?.opened?.({} as Ways),
    told,
    state,
    held: () => state.value.local.held,
  };
}

const here = (people: object[], apart = false): Added => ({ t: "company", do: "here", people, apart });
const ada = { id: "talk-7", name: "Ada", role: "interpreter" };
const gerda = { id: "talk-2", name: "Gerda", role: "citizen" };

beforeEach(() => {
  vi.useFakeTimers();
  pairs.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the other guests of a talk", () => {
  it("are connected with, each once, and one of each two offers", () => {
    const { guests, says } = page();
    says(here([ada, gerda]));
    says(here([ada, gerda]));
    expect(pairs.map(({ offers }) => offers)).toEqual([true, false]);
    expect(guests.members.value.map(({ person }) => person.name)).toEqual(["Ada", "Gerda"]);
  });

  it("are gone once the advisor's page says so, and nobody is met who says to be oneself", () => {
    const { guests, says } = page();
    says(here([ada, { ...gerda, id: "talk-5" }]));
    says(here([]));
    expect([pairs.length, pairs[0]?.closed, guests.members.value]).toEqual([1, true, []]);
  });

  it("get each other's descriptions through the advisor's page alone", () => {
    const { says, told } = page();
    says(here([ada]));
    pairs[0]?.pass({ kind: "offer", round: 3, sdp: "mine" });
    expect(told).toContainEqual({
      t: "company",
      do: "to",
      who: "talk-7",
      kind: "offer",
      round: 3,
      sdp: "mine",
    });
    says({ t: "company", do: "from", who: "talk-7", kind: "answer", round: 3, sdp: "theirs" });
    says({ t: "company", do: "from", who: "talk-9", kind: "offer", round: 4, sdp: "a stranger's" });
    expect(pairs.flatMap(({ taken }) => taken.map(({ sdp }) => sdp))).toEqual(["theirs"]);
  });

  it("are not left alone with each other: without the advisor's page nothing goes out after a while", () => {
    const { guests, says, state } = page();
    says(here([ada]));
    state.set({ ...state.value, phase: "reconnecting" });
    vi.advanceTimersByTime(9_999);
    expect([guests.alone.value, pairs[0]?.held]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([guests.alone.value, pairs[0]?.held]).toEqual([true, true]);
    says(here([ada, gerda]));
    expect(pairs[1]?.held).toBe(true);
    state.set({ ...state.value, phase: "connected" });
    expect([guests.alone.value, ...pairs.map(({ held }) => held)]).toEqual([false, false, false]);
  });

  it("do not hear who is asked out, who stays so though a halted talk goes on", () => {
    const { guests, says, state, held } = page();
    says(here([ada]));
    says(here([], true));
    expect([guests.apart.value, held(), pairs[0]?.closed]).toEqual([true, true, true]);
    state.set({ ...state.value, local: { ...state.value.local, held: false } });
    expect(held()).toBe(true);
    says(here([ada]));
    expect([guests.apart.value, held(), pairs.length]).toEqual([false, false, 2]);
  });

  it("are asked for by a page that is new, or was out of reach", () => {
    const { opens, told } = page();
    opens();
    expect(told).toEqual([{ t: "company", do: "who" }]);
  });
});
