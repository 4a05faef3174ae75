import type { ApiError } from "../api/client";
import type { StreamState } from "../api/stream";
import type { DeviceState, GuestView, Mode, PublicAgency } from "../api/types";
import type { Call } from "../call/call";
import type { Acquired } from "../call/devices";

export type Screen =
  | "loading"
  | "unknown"
  | "moved"
  | "cancelled"
  | "throttled"
  | "offline"
  | "early"
  | "late"
  | "landing"
  | "check"
  | "waiting"
  | "called"
  | "talk"
  | "elsewhere"
  | "taken-over"
  | "asked"
  | "refused"
  | "goodbye"
  | "closed";

/** Nothing more to do on this page: what happened, and what to do instead. */
export type EndedScreen = "unknown" | "moved" | "cancelled" | "throttled" | "late" | "closed";

const ended: ReadonlySet<string> = new Set<EndedScreen>([
  "unknown",
  "moved",
  "cancelled",
  "throttled",
  "late",
  "closed",
]);

export function isEnded(screen: Screen): screen is EndedScreen {
  return ended.has(screen);
}

export type Notice = "revoked" | "left" | "hung-up" | "sent-back" | "missed" | "callback" | "move";

/** Everything that a visit's screens are a picture of. */
export interface VisitState {
  readonly view?: GuestView;
  /** Known even where the link is not. */
  readonly agency?: PublicAgency;
  /** Why the link did not open. */
  readonly failure?: ApiError;
  /** Why the last click did not work. */
  readonly refusal?: ApiError;
  readonly notice?: Notice;
  readonly step: "landing" | "check";
  /** What the person asked for; what becomes of it is decided by the devices. */
  readonly wish: Mode;
  readonly devices?: Acquired;
  readonly busy: boolean;
  /** Asks whether to leave the waiting room or the talk. */
  readonly leaving: boolean;
  /** This page has arrived, or is taking up a visit again after a reload. */
  readonly joined: boolean;
  readonly takenOver: boolean;
  /** The person is in the talk, not only called. */
  readonly entered: boolean;
  /** Called while the page was not on the screen. */
  readonly ringing: boolean;
  /** Until then the guest sees what the other side is about to see (device's clock). */
  readonly headsUpUntil: number;
  readonly call?: Call;
  readonly talkedMs?: number;
  readonly stream: StreamState;
  readonly streamSince: number;
  /** Server's clock minus the device's. */
  readonly offset: number;
}

export const initialVisit: VisitState = {
  step: "landing",
  wish: "video",
  busy: false,
  leaving: false,
  joined: false,
  takenOver: false,
  entered: false,
  ringing: false,
  headsUpUntil: 0,
  stream: "connecting",
  streamSince: 0,
  offset: 0,
};

/** `now` by the server's clock. */
export function screenOf(state: VisitState, now: number): Screen {
  const { view } = state;
  if (state.failure) return failureScreen(state.failure.code);
  if (!view) return "loading";
  if (view.state === "closed") return closedScreen(state, view);
  if (state.takenOver) return state.step === "check" ? "check" : "taken-over";
  if (view.takeover !== "none" && !(view.here && view.state === "talking" && state.entered)) {
    if (!view.here) return state.step === "check" && view.takeover === "refused" ? "check" : view.takeover;
  }
  if (view.state === "waiting" || view.state === "talking") {
    if (view.here) return hereScreen(state, view);
    return state.step === "check" ? "check" : "elsewhere";
  }
  if (now > view.closesAt) return "late";
  if (state.step === "check" && !view.barred) return "check";
  return now < view.opensAt ? "early" : "landing";
}

function hereScreen(state: VisitState, view: GuestView): Screen {
  if (!state.joined) return "loading";
  if (view.state === "waiting") return "waiting";
  return state.entered ? "talk" : "called";
}

function closedScreen(state: VisitState, view: GuestView): Screen {
  if (state.talkedMs !== undefined) return "goodbye";
  return view.closedReason === "cancelled" ? "cancelled" : "closed";
}

function failureScreen(code: string): Screen {
  switch (code) {
    case "link.unknown":
    case "seat.unknown":
      return "unknown";
    case "link.moved":
      return "moved";
    case "link.cancelled":
      return "cancelled";
    case "link.throttled":
      return "throttled";
    default:
      return "offline";
  }
}

/** Behind the first screen: what the browser's way back does not simply leave. */
const inside: ReadonlySet<string> = new Set<Screen>(["check", "waiting", "called", "talk", "asked"]);

export function isInside(screen: Screen): boolean {
  return inside.has(screen);
}

/** Where the way on from the check leads: into the waiting room, or to a seat that is open elsewhere. */
export function entryOf(view: GuestView): "first" | "window" | "device" {
  if (view.state === "expected") return "first";
  return view.elsewhere ? "device" : "window";
}

/** What can be taken part with: the wish, cut down to the devices that work. */
export function modeOf(wish: Mode, devices: Acquired | undefined): Mode {
  if (!devices || wish === "text") return "text";
  if (wish === "video" && devices.camera === "ok") return "video";
  return devices.microphone === "ok" ? "audio" : "text";
}

/** Wanted, and not to be had. */
export function isBad(state: DeviceState | undefined): boolean {
  return state !== undefined && state !== "ok" && state !== "off";
}

/** The devices that need help: both as one where one thing is wrong with both. */
export function ailing(
  devices: Acquired | undefined,
): readonly { device: "camera" | "microphone" | "both"; why: DeviceState }[] {
  if (!devices) return [];
  const { camera, microphone } = devices;
  if (isBad(camera) && camera === microphone) return [{ device: "both", why: camera }];
  const each = [
    { device: "camera", why: camera },
    { device: "microphone", why: microphone },
  ] as const;
  return each.filter(({ why }) => isBad(why));
}
