// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import type { Added, Part, Ways } from "../../call/channel";
import { type CallState, initialState } from "../../call/state";
import { Store } from "../../call/store";
import { offBefore } from "../off";
import { SameRoom } from "./room";

function page() {
  const state = new Store<CallState>({ ...initialState, local: { ...initialState.local, mic: "ok" } });
  const told: Added[] = [];
  let part: Part | undefined;
  const setMic = (on: boolean): Promise<void> => {
    state.set({ ...state.value, local: { ...state.value.local, mic: on ? "ok" : "off" } });
    return Promise.resolve();
  };
  const call = {
    attend: (next: Part) => {
      part = next;
      return () => undefined;
    },
    subscribe: state.subscribe.bind(state),
    tell: (message: Added) => told.push(message) > 0,
    setMic,
  };
  return {
    call,
    told,
    setMic,
    mic: () => state.value.local.mic,
    opens: () => part?.opened?.({} as Ways),
  };
}
const said = (same: boolean): Added => ({ t: "company", do: "room", same });

beforeEach(() => {
  history.replaceState({ inside: true }, "");
});

test("who sits beside another one of the talk is silent on this device, and the others are told", async () => {
  const { call, told, mic, opens } = page();
  const room = new SameRoom(call);
  expect(room.is.value).toBe(false);
  await room.share();
  expect([room.is.value, mic(), told.at(-1)]).toEqual([true, "off", said(true)]);
  told.length = 0;
  opens();
  expect(told).toEqual([said(true)]);
  await room.part();
  expect([room.is.value, mic(), told.at(-1)]).toEqual([false, "ok", said(false)]);
});

test("the button for the microphone brings the loudspeaker back as well", async () => {
  const { call, told, setMic } = page();
  const room = new SameRoom(call);
  await room.share();
  await setMic(true);
  expect([room.is.value, told.at(-1)]).toEqual([false, said(false)]);
});

test("a page that is loaded anew is as silent as before", async () => {
  await new SameRoom(page().call).share();
  expect(offBefore("mic")).toBe(true);
  const { call, setMic } = page();
  await setMic(false);
  expect(new SameRoom(call).is.value).toBe(true);
  expect(history.state).toMatchObject({ inside: true });
});
