import type { Call } from "../call/call";
import type { CallState } from "../call/state";
import { whyOff } from "./sentences";
import type { TalkKey } from "./texts";

/** Changes what was chosen anew; `false` stands for a device that is not in use. */
export function chosenDevices(
  call: Call,
  talk: CallState,
  camera: string | false,
  microphone: string | false,
): void {
  const used = (kind: string): string | undefined =>
    talk.local.stream
      ?.getTracks()
      .find((track) => track.kind === kind)
      ?.getSettings().deviceId;
  if (camera !== false && camera !== used("video")) void call.useCamera(camera);
  if (microphone !== false && microphone !== used("audio")) void call.useMicrophone(microphone);
}

/** Switches a device on or off; one that cannot be had is tried again, and why it is not there is said each time. */
export async function toggle(
  call: Call,
  device: "mic" | "camera",
  say: (key: TalkKey) => void,
): Promise<void> {
  const on = call.state.local[device] !== "ok";
  await (device === "mic" ? call.setMic(on) : call.setCamera(on));
  const now = call.state.local[device];
  if (on && now !== "ok") say(whyOff(device, now));
}
