/** What belongs to paired devices: shapes and calls of docs/protocol.md, "Staff". */
import type { LinkSecret } from "./account";
import { api } from "./client";
import type { Admitted, Me, Outcome } from "./types";

/** A device that is paired with this session. */
export interface PairedDevice {
  readonly id: string;
  /** By what it says of itself. */
  readonly browser?: string;
  readonly system?: string;
  readonly since: number;
}

/** A link for one device, and its picture. */
export interface DeviceLink {
  /** What the device will be called. */
  readonly id: string;
  readonly url: string;
  readonly qr: { readonly size: number; readonly path: string };
  readonly until: number;
  readonly now: number;
}

export const pairDevice = (): Promise<DeviceLink> => api.post("/api/staff/devices");
export const unpairDevice = (id: string): Promise<unknown> => api.delete(`/api/staff/devices/${id}`);
/** This browser becomes the device. */
export const becomeDevice = (link: LinkSecret): Promise<Me> => api.post("/api/staff/devices/use", link);
/** Whose device this browser is. */
export const ownDevice = (): Promise<Me> => api.get("/api/staff/device");
/** On the device: it is none any more. */
export const leaveDevice = (): Promise<unknown> => api.delete("/api/staff/session");

export const admitOnDevice = (seat: string): Promise<Admitted> =>
  api.post(`/api/staff/seats/${seat}/admit`, { device: true });
/** A talk that runs elsewhere goes on there. */
export const moveToDevice = (talk: string): Promise<Admitted> =>
  api.post(`/api/staff/talks/${talk}/join`, { device: true });
export const endTalk = (talk: string, outcome: Outcome): Promise<unknown> =>
  api.post(`/api/staff/talks/${talk}/end`, { outcome });
export const sendBack = (talk: string): Promise<unknown> => api.post(`/api/staff/talks/${talk}/sendback`);
