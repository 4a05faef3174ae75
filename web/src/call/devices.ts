import type { DeviceState } from "../api/types";

export interface Wanted {
  /** True, false, or the id of the one to use. */
  camera: boolean | string;
  microphone: boolean | string;
}

export interface Acquired {
  stream: MediaStream;
  camera: DeviceState;
  microphone: DeviceState;
}

/** 720p where the camera can; the network decides how much of it travels. */
const picture: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
const sound: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export function canUseDevices(): boolean {
  return (
    typeof navigator !== "undefined" &&
    "mediaDevices" in navigator &&
    "getUserMedia" in navigator.mediaDevices
  );
}

/**
 * Opens camera and microphone, and whatever is left when one of them cannot be had. Never throws: the states say why
 * something is missing. The person is asked once where one answer covers both.
 */
export async function acquire(wanted: Wanted): Promise<Acquired> {
  const stream = new MediaStream();
  if (!canUseDevices()) {
    return {
      stream,
      camera: wanted.camera === false ? "off" : "unsupported",
      microphone: wanted.microphone === false ? "off" : "unsupported",
    };
  }
  if (wanted.camera !== false && wanted.microphone !== false) {
    try {
      const both = await open(wanted);
      for (const track of both.getTracks()) stream.addTrack(track);
      return { stream, camera: "ok", microphone: "ok" };
    } catch {
      // One of the two may still be possible.
    }
  }
  const microphone = await openOne(stream, { camera: false, microphone: wanted.microphone });
  const camera = await openOne(stream, { camera: wanted.camera, microphone: false });
  return { stream, camera, microphone };
}

async function openOne(into: MediaStream, wanted: Wanted): Promise<DeviceState> {
  if (wanted.camera === false && wanted.microphone === false) return "off";
  try {
    const opened = await open(wanted);
    for (const track of opened.getTracks()) into.addTrack(track);
    return "ok";
  } catch (error) {
    return reasonOf(error);
  }
}

async function open(wanted: Wanted): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    video: constraint(wanted.camera, picture),
    audio: constraint(wanted.microphone, sound),
  });
}

function constraint(wanted: boolean | string, base: MediaTrackConstraints): MediaTrackConstraints | false {
  if (wanted === false) return false;
  return wanted === true ? base : { ...base, deviceId: { exact: wanted } };
}

/** Browsers agree on these names (Media Capture and Streams §10.2); older ones have a few of their own. */
export function reasonOf(error: unknown): DeviceState {
  switch (error instanceof Error || error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "PermissionDeniedError":
    case "SecurityError":
      return "refused";
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return "busy";
    default:
      return "unsupported";
  }
}

export function stopStream(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
