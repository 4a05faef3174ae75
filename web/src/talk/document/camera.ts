import type { Call } from "../../call/call";

/** As many pixels as the camera films with; letters of a whole page need about 200 of them to the inch. */
const sharp: MediaTrackConstraints = { width: { ideal: 4096 }, height: { ideal: 3072 } };

/** The camera at the back, or the one that was chosen. */
export function openCamera(id?: string): Promise<MediaStream> {
  const which = id === undefined ? { facingMode: { ideal: "environment" } } : { deviceId: { exact: id } };
  return navigator.mediaDevices.getUserMedia({ video: { ...sharp, ...which } });
}

/** Many phones open one camera at a time: the usual one gives way. Answers how it comes back, as it was. */
export async function giveWay(call: Pick<Call, "state" | "setCamera" | "useCamera">): Promise<() => void> {
  const { camera, stream } = call.state.local;
  if (camera !== "ok") return () => undefined;
  const id = stream?.getVideoTracks()[0]?.getSettings().deviceId;
  await call.setCamera(false);
  return () => void (id ? call.useCamera(id) : call.setCamera(true));
}
