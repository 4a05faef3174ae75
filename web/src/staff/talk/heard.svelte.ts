import type { TalkView } from "../../api/types";
import type { Call } from "../../call/call";
import { type CallState, initialState } from "../../call/state";
import { isOn, within } from "../../talk/features";
import { type Circle, provideCircle } from "../../talk/circle";
import { Sharing } from "../../talk/sharing";
import { together } from "./together";

interface Heard {
  readonly talk: CallState;
  readonly screens: Sharing;
  readonly circle: Circle;
}

/** The call as this page shows it: what is switched on of it, with what the citizen's company has written. */
export function heard(now: () => { call: Call; view: TalkView }): Heard {
  const circle = provideCircle();
  let own = $state.raw(initialState);
  let extra = $state.raw(circle.chat.value);
  const chat = $derived(isOn(now().view, "chat") ? together(own.chat, extra) : []);
  const talk = $derived({ ...own, chat });
  // Of each call one: a view that changes ends nothing.
  const call = $derived(now().call);
  const screens = $derived(new Sharing(call, false));

  $effect(() => {
    const { call, view } = now();
    return call.subscribe((next) => (own = within(next, view)));
  });
  $effect(() => circle.chat.subscribe((next) => (extra = next)));
  $effect(() => {
    const shown = screens;
    return () => {
      shown.close();
    };
  });
  return {
    circle,
    get screens() {
      return screens;
    },
    get talk() {
      return talk;
    },
  };
}
