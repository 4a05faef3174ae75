import { canUseDevices } from "../call/devices";

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
  speakers: MediaDeviceInfo[];
}

/** Whether this browser lets a page choose where its sound comes out. */
export const canChooseSpeaker =
  typeof HTMLMediaElement !== "undefined" && "setSinkId" in HTMLMediaElement.prototype;

/** Names are empty until the person has allowed a device; such entries are of no use in a list. */
export async function listDevices(): Promise<Devices> {
  const none: Devices = { cameras: [], microphones: [], speakers: [] };
  if (!canUseDevices()) return none;
  const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const named = all.filter((device) => device.deviceId !== "" && device.label !== "");
  return {
    cameras: named.filter((device) => device.kind === "videoinput"),
    microphones: named.filter((device) => device.kind === "audioinput"),
    speakers: named.filter((device) => device.kind === "audiooutput"),
  };
}

/** Calls when something was plugged in or out. */
export function watchDevices(changed: () => void): () => void {
  if (!canUseDevices()) return () => undefined;
  navigator.mediaDevices.addEventListener("devicechange", changed);
  return () => {
    navigator.mediaDevices.removeEventListener("devicechange", changed);
  };
}
