import type { Side } from "./agreement";
import type { LocalMedia } from "./local";
import type { SendSignal } from "./outbox";
import type { LocalState } from "./state";

export interface Prepared {
  commit: string;
  offer: string;
}

export interface CallOptions {
  side: Side;
  /** The agency's slug. */
  agency: string;
  /** The seat's id; asked only once there is a talk, as staff make ready before they know for whom. */
  seat(): string;
  /** Who sits on the other side, where that may change within a talk. */
  other?: () => string;
  send: SendSignal;
  /**
   * Guest only: hands a fresh offer to the server (`POST …/prepare`) and returns the generation in force. Without
   * `generation` a new one is asked for.
   */
  renew?: (prepared: Prepared & { generation?: number }) => Promise<number>;
  /** Where sound and pictures of this side come from, if they are not the call's own (see Branch). */
  media?: new (changed: (state: LocalState) => void) => LocalMedia;
  /** Asks for the way to the relay through the port of HTTPS; empty where there is none. */
  detour(): Promise<RTCIceServer[]>;
  /** An earlier talk of this page has needed it. */
  detouring?: boolean;
}
