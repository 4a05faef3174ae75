import type { DeviceState } from "../api/types";
import type { Message } from "./channel";

type Phase = "idle" | "connecting" | "connected" | "reconnecting" | "ended";
/** Somebody stands in between, or tries to; or the two browsers cannot do with each other. */
export type Broken = "intercepted" | "incompatible";
export type Quality = "good" | "weak" | "poor" | "lost";

export interface ChatMessage {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
  /** Who has written it, where that is neither this person nor the one on the other side. */
  readonly by?: string | undefined;
  /** The other side had it before this page was loaded. */
  readonly again?: boolean;
  /** By this device's clock. */
  readonly at: number;
  /** Mine: the other page has it. */
  readonly delivered: boolean;
}

export interface LocalState {
  readonly stream?: MediaStream;
  /** "ok" is on; everything else is off, and says why. */
  readonly mic: DeviceState;
  readonly camera: DeviceState;
  readonly sharing: boolean;
  /** The talk is halted: whatever is on, nothing of it goes out. */
  readonly held: boolean;
  /** The screen that is being shown. */
  readonly screen?: MediaStream;
}

interface RemoteState {
  readonly stream?: MediaStream;
  readonly screen?: MediaStream;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly sharing: boolean;
  /** The other page is on its person's screen. */
  readonly visible: boolean;
  /** The other side has said good-bye. */
  readonly left: boolean;
}

export interface CallState {
  readonly phase: Phase;
  /** Six digits; only once both browsers are connected and their certificates are checked. */
  readonly code?: string;
  readonly codeCompared: { readonly mine: boolean; readonly theirs: boolean };
  /** Media are stopped for good. */
  readonly broken?: Broken;
  readonly local: LocalState;
  readonly remote: RemoteState;
  /** Which side has had sound or picture on, if only for a moment: others take part in writing. */
  readonly spoken: { readonly mine: boolean; readonly theirs: boolean };
  readonly quality: Quality;
  readonly chat: readonly ChatMessage[];
  readonly autoplayBlocked: boolean;
  readonly connectedAt?: number;
}

export const initialState: CallState = {
  phase: "idle",
  codeCompared: { mine: false, theirs: false },
  local: { mic: "off", camera: "off", sharing: false, held: false },
  remote: { mic: false, camera: false, sharing: false, visible: true, left: false },
  spoken: { mine: false, theirs: false },
  quality: "good",
  chat: [],
  autoplayBlocked: false,
};

/** A talk of an hour does not need more; the oldest go first. */
const maxChat = 500;

export type CallEvent =
  | { type: "connecting"; stream: MediaStream; screen: MediaStream }
  | { type: "connected"; at: number }
  | { type: "reconnecting" }
  | { type: "ended" }
  | { type: "broken"; reason: Broken }
  | { type: "code"; code: string }
  | { type: "compared"; side: "mine" | "theirs" }
  | { type: "local"; local: LocalState }
  | { type: "remote"; remote: Partial<RemoteState> }
  | { type: "quality"; quality: Quality }
  | { type: "autoplay"; blocked: boolean }
  | { type: "chat"; message: ChatMessage }
  | { type: "delivered"; id: string };

/** What a message from the other page says about the call. */
export function eventOf(message: Exclude<Message, { t: "here" | "more" }>, at: number): CallEvent {
  switch (message.t) {
    case "state": {
      const { mic, camera, sharing, screen: visible } = message;
      return { type: "remote", remote: { mic, camera, sharing, visible } };
    }
    case "chat": {
      const { id, text, yours, again, by } = message;
      return { type: "chat", message: { id, text, mine: yours, again, by, at, delivered: true } };
    }
    case "chat-ack":
      return { type: "delivered", id: message.id };
    case "compared":
      return { type: "compared", side: "theirs" };
    case "bye":
      return { type: "remote", remote: { left: true } };
  }
}

/** The next picture of the call. Ended is final, and so is what broke it. */
export function reduce(state: CallState, event: CallEvent): CallState {
  if (state.phase === "ended" && event.type !== "broken") return state;
  switch (event.type) {
    case "connecting":
      return connecting(state, event.stream, event.screen);
    case "connected":
      if (state.broken) return state;
      return { ...state, phase: "connected", connectedAt: state.connectedAt ?? event.at };
    case "reconnecting":
      return state.phase === "connected" ? { ...state, phase: "reconnecting", quality: "lost" } : state;
    case "ended":
      return { ...state, phase: "ended", local: initialState.local };
    case "broken":
      return { ...withoutCode(state), broken: state.broken ?? event.reason };
    case "code":
      if (state.broken || state.code === event.code) return state;
      return { ...state, code: event.code, codeCompared: { mine: false, theirs: false } };
    case "compared":
      // Nobody can have compared a code that does not exist yet.
      if (state.code === undefined || state.codeCompared[event.side]) return state;
      return { ...state, codeCompared: { ...state.codeCompared, [event.side]: true } };
    case "local":
      return spoken({ ...state, local: event.local });
    case "remote":
      return spoken({ ...state, remote: { ...state.remote, ...event.remote } });
    case "quality":
      return state.quality === event.quality ? state : { ...state, quality: event.quality };
    case "autoplay":
      return state.autoplayBlocked === event.blocked ? state : { ...state, autoplayBlocked: event.blocked };
    case "chat":
      if (state.chat.some((message) => message.id === event.message.id)) return state;
      return { ...state, chat: [...state.chat, event.message].slice(-maxChat) };
    case "delivered":
      return {
        ...state,
        chat: state.chat.map((message) =>
          message.id === event.id ? { ...message, delivered: true } : message,
        ),
      };
  }
}

/** A new connection: new certificates, so a new code that nobody has compared. What was written stays. */
function connecting(state: CallState, stream: MediaStream, screen: MediaStream): CallState {
  const again = state.connectedAt !== undefined;
  return {
    ...withoutCode(state),
    phase: again ? "reconnecting" : "connecting",
    quality: again ? "lost" : state.quality,
    remote: { ...initialState.remote, stream, screen },
  };
}

function spoken(state: CallState): CallState {
  const { local, remote } = state;
  const mine = state.spoken.mine || local.mic === "ok" || local.camera === "ok";
  const theirs = state.spoken.theirs || remote.mic || remote.camera;
  return { ...state, spoken: { mine, theirs } };
}

function withoutCode(state: CallState): CallState {
  const { code: _, ...rest } = state;
  return { ...rest, codeCompared: { mine: false, theirs: false } };
}
