import type { Call } from "../call/call";
import type { CallState } from "../call/state";

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
