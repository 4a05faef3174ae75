import type { StreamState } from "../api/stream";
import type { DeviceState } from "../api/types";
import type { CallState } from "../call/state";
import type { TalkKey } from "./texts";

/** Who takes part in writing: this side, or the other one. */
export type Writer = "here" | "there" | undefined;

/**
 * The server hears nothing of the other page (`there`), and this one hears the server: nobody is on the other side, and
 * nothing is wrong with the connection.
 */
export function isAlone(call: CallState, there: boolean, stream: StreamState): boolean {
  return !there && stream === "open" && call.phase !== "connected" && call.phase !== "ended";
}

/** What is worth a sentence right now, the most pressing first; at most two, so that they are read. */
export function sentences(call: CallState, headsUp: boolean, writer?: Writer): TalkKey[] {
  if (call.phase === "reconnecting") return ["call.state.reconnecting"];
  if (call.remote.left) return ["call.state.left"];
  if (call.local.held) return []; // it says itself what that means
  const said: TalkKey[] = [];
  if (call.phase === "idle" || call.phase === "connecting") said.push("call.state.connecting");
  if (call.quality === "poor" || call.quality === "weak")
    said.push(pictured(call) ? `call.state.${call.quality}` : `call.state.${call.quality}Sound`);
  // Whoever hears nothing must not take it for the connection's fault, nor the other way round.
  const theirs = call.phase === "connected" ? others(call, writer) : [];
  if (writer !== "here") said.push(...theirs.filter((line) => line === "call.state.remoteMicOff"));
  if (call.codeCompared.mine && !call.codeCompared.theirs) said.push("call.code.waiting");
  if (!headsUp) said.push(...own(call, writer));
  if (call.local.sharing) said.push("call.state.sharing");
  said.push(...theirs.filter((line) => !said.includes(line)));
  return said.slice(0, 2);
}

/** Something is to be seen on either side: of pictures that nobody sends nothing can be said. */
function pictured({ local, remote }: CallState): boolean {
  return local.camera === "ok" || local.sharing || remote.camera || remote.sharing;
}

/** Why a device is not on: switched off, or not to be had. */
export function whyOff(device: "mic" | "camera", state: Exclude<DeviceState, "ok">): TalkKey {
  return state === "off" ? `call.state.${device}Off` : `call.state.${device}.${state}`;
}

function own({ local }: CallState, writer: Writer): TalkKey[] {
  if (writer === "here") return ["call.state.writing"];
  const { mic, camera } = local;
  if (mic === "off" && camera === "off") return ["call.state.bothOff"];
  const said: TalkKey[] = [];
  if (mic !== "ok") said.push(whyOff("mic", mic));
  if (camera !== "ok") said.push(whyOff("camera", camera));
  return said;
}

function others({ remote }: CallState, writer: Writer): TalkKey[] {
  if (writer === "there") return ["call.state.remoteWriting"];
  const said: TalkKey[] = [];
  if (!remote.mic) said.push("call.state.remoteMicOff");
  if (remote.sharing) said.push("call.state.remoteSharing");
  if (!remote.camera) said.push("call.state.remoteCameraOff");
  return said;
}
