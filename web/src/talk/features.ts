import type { Feature } from "../api/types";
import type { CallState } from "../call/state";

type Talk = { features?: readonly Feature[] } | undefined;

/** Whether something may be used in a talk; a server of before there were switches says nothing of it. */
export function isOn(talk: Talk, feature: Feature): boolean {
  return talk?.features?.includes(feature) ?? true;
}

/** What a page takes of a call: nothing of what is switched off, whatever the other page sends. */
export function within(call: CallState, talk: Talk): CallState {
  const shown = isOn(talk, "screen") ? call.remote : { ...call.remote, sharing: false };
  // Whatever comes from a page that knows nothing of it.
  const remote = call.local.held ? { ...shown, mic: false, camera: false, sharing: false } : shown;
  return { ...call, remote, chat: isOn(talk, "chat") ? call.chat : [] };
}

/** What a page shows beside the other person at first: oneself, and nothing that somebody has to ask for. */
export const nothing = {
  self: true,
  type: false,
  file: false,
  document: false,
  form: false,
  hold: false,
  company: false,
  thrift: false,
  finer: false,
  /** Devices are watched in every talk. */
  plugs: true,
};
