// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { type CallState, initialState } from "../call/state";
import { Store } from "../call/store";
import { forgetsOff, keepOff, offBefore } from "./off";

beforeEach(() => {
  history.replaceState({ inside: true, blur: "hidden" }, "");
});

test("what somebody has switched off is known to the page that is loaded anew, beside all else that it knows", () => {
  keepOff("camera", true);
  expect([offBefore("camera"), offBefore("mic")]).toEqual([true, false]);
  expect(history.state).toEqual({ inside: true, blur: "hidden", camera: "off" });
  keepOff("camera", false);
  expect([offBefore("camera"), offBefore("mic")]).toEqual([false, false]);
});

test("a device that is on is none that somebody wants off", () => {
  const state = new Store<CallState>(initialState);
  keepOff("camera", true);
  keepOff("mic", true);
  const stop = forgetsOff({ subscribe: state.subscribe.bind(state) });
  expect([offBefore("camera"), offBefore("mic")]).toEqual([true, true]);
  state.set({ ...state.value, local: { ...state.value.local, camera: "ok" } });
  expect([offBefore("camera"), offBefore("mic")]).toEqual([false, true]);
  stop();
});
