import type { CallState } from "../call/state";
import type { TalkKey } from "./texts";

/** What is worth a sentence right now, the most pressing first; at most two, so that they are read. */
export function sentences(call: CallState, headsUp: boolean): TalkKey[] {
  if (call.phase === "reconnecting") return ["call.state.reconnecting"];
  if (call.remote.left) return ["call.state.left"];
  const said: TalkKey[] = [];
  if (call.phase === "idle" || call.phase === "connecting") said.push("call.state.connecting");
  if (call.quality === "poor") said.push("call.state.poor");
  else if (call.quality === "weak") said.push("call.state.weak");
  if (call.codeCompared.mine && !call.codeCompared.theirs) said.push("call.code.waiting");
  if (call.local.sharing) said.push("call.state.sharing");
  if (!headsUp) {
    if (call.local.mic !== "ok" && call.local.camera !== "ok") said.push("call.state.bothOff");
    else if (call.local.mic !== "ok") said.push("call.state.micOff");
    else if (call.local.camera !== "ok") said.push("call.state.cameraOff");
  }
  if (call.phase === "connected") {
    if (!call.remote.mic) said.push("call.state.remoteMicOff");
    if (!call.remote.camera) said.push("call.state.remoteCameraOff");
  }
  return said.slice(0, 2);
}
