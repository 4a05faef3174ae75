import type { TalkView } from "../../api/types";
import type { Call } from "../../call/call";
import { type CallState, initialState } from "../../call/state";
import { isOn, within } from "../../talk/features";
import { provideRoom, type Room } from "../../talk/room";
import { Sharing } from "../../talk/sharing";
import { together } from "./together";

interface Heard {
  readonly talk: CallState;
  readonly screens: Sharing;
  readonly room: Room;
}

/** The call as this page shows it: what is switched on of it, with what the citizen's company has written. */
export function heard(now: () => { call: Call; view: TalkView }): Heard {
  const room = provideRoom();
  let own = $state.raw(initialState);
  let extra = $state.raw(room.chat.value);
  const chat = $derived(isOn(now().view, "chat") ? together(own.chat, extra) : []);
  const talk = $derived({ ...own, chat });
  const screens = $derived(new Sharing(now().call, false));

  $effect(() => {
    const { call, view } = now();
    return call.subscribe((next) => (own = within(next, view)));
  });
  $effect(() => room.chat.subscribe((next) => (extra = next)));
  $effect(() => {
    const shown = screens;
    return () => {
      shown.close();
    };
  });
  return {
    room,
    get screens() {
      return screens;
    },
    get talk() {
      return talk;
    },
  };
}
