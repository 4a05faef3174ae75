// @vitest-environment happy-dom
import { expect, test } from "vitest";
import type { Call } from "../../call/call";
import type { Added, Part } from "../../call/channel";
import { type CallState, initialState } from "../../call/state";
import { Store } from "../../call/store";
import { Quieted } from "./quieted";

/** One page of a talk whose microphone is on. */
function page(side: "guest" | "staff") {
  const state = new Store<CallState>({ ...initialState, local: { ...initialState.local, mic: "ok" } });
  const asked: boolean[] = [];
  let part: Part | undefined;
  const mic = (now: "ok" | "off" | "missing"): void => {
    state.set({ ...state.value, local: { ...state.value.local, mic: now } });
  };
  const call = {
    options: { side },
    get state() {
      return state.value;
    },
    subscribe: state.subscribe.bind(state),
    attend: (next: Part) => {
      part = next;
      return () => (part = undefined);
    },
    setMic: (on: boolean) => {
      asked.push(on);
      mic(on ? "ok" : "off");
      return Promise.resolve();
    },
  };
  const quieted = new Quieted(call as unknown as Call);
  const hears = async (message: Added): Promise<void> => {
    part?.heard(message);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { quieted, asked, mic, hears };
}

test("a guest's microphone is switched off by who leads the talk, and on again by the guest alone", async () => {
  const { quieted, asked, mic, hears } = page("guest");
  await hears({ t: "mute" });
  expect([asked, quieted.is.value]).toEqual([[false], true]);
  for (const more of [{ t: "mute", on: true }, { t: "mute", off: false }, { t: "unmute" }]) await hears(more);
  expect(asked).toEqual([false]);
  mic("ok");
  expect(quieted.is.value).toBe(false);
});

test("a guest's page switches off nothing of the advisor's", async () => {
  const { quieted, asked, hears } = page("staff");
  await hears({ t: "mute" });
  expect([asked, quieted.is.value]).toEqual([[], false]);
});

test.each(["off", "missing"] as const)(
  "nothing is said of a microphone that is %s already",
  async (before) => {
    const { quieted, asked, mic, hears } = page("guest");
    mic(before);
    await hears({ t: "mute" });
    expect([asked, quieted.is.value]).toEqual([[], false]);
  },
);

test("a page that has left the talk switches nothing off", async () => {
  const { quieted, asked, hears } = page("guest");
  quieted.close();
  await hears({ t: "mute" });
  expect(asked).toEqual([]);
});
