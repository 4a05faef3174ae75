import type { Call } from "../call/call";
import { keepOff } from "./off";
import { whyOff } from "./sentences";
import type { TalkKey } from "./texts";

/**
 * Switches a device on or off, where it stays off when the page is loaded anew; one that cannot be had is tried again, and
 * why it is not there is said each time.
 */
export async function toggle(
  call: Call,
  device: "mic" | "camera",
  say: (key: TalkKey) => void,
): Promise<void> {
  const on = call.state.local[device] !== "ok";
  if (!on) keepOff(device, true);
  await (device === "mic" ? call.setMic(on) : call.setCamera(on));
  const now = call.state.local[device];
  if (on && now !== "ok") say(whyOff(device, now));
}
