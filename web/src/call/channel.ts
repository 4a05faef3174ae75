import type { Senders } from "./peer";

/** What the two pages say to each other directly, encrypted like the media (docs/protocol.md §4, 10). */
export type Message =
  | { t: "state"; mic: boolean; camera: boolean; screen: boolean; sharing: boolean }
  /**
   * `yours`: the page that hears it has said it, and has been loaded anew since. `again`: a page of before has it. `by`:
   * the advisor's page passes on what somebody else in the talk has written.
   */
  | { t: "chat"; id: string; text: string; yours: boolean; again: boolean; by: string | undefined }
  | { t: "chat-ack"; id: string }
  | { t: "compared" }
  /** Said again and again by a side that sends neither sound nor picture: else nobody would notice that it has gone. */
  | { t: "here" }
  | { t: "bye" }
  /** What the call itself knows nothing of, unchecked: parts of the talk's pages have words of their own. */
  | { t: "more"; message: Added };

/** `t` is none of the call's own. */
export type Added = Readonly<Record<string, unknown>> & { readonly t: string };

/** A part of the talk's pages that says something to its like on the other page. */
export interface Part {
  heard(message: Added): void;
  /** There are new channels, perhaps to a page that has been loaded anew; also told once to a part that comes later. */
  opened?(ways: Ways): void;
}

/** Besides the channel of `Call.tell`. */
export interface Ways {
  /** What goes here arrives soon or never, in any order. */
  readonly quick: RTCDataChannel;
  /** Bytes of files, in order and whole. */
  readonly files: RTCDataChannel;
  /** Who sits on the other side, as far as this one knows: what was meant for one person is not for the next. */
  readonly other: string;
  readonly pc: RTCPeerConnection;
  /** Undefined before this side has described itself. */
  readonly senders: Senders | undefined;
}

export const maxMessage = 16 * 1024;
/** Longest chat text, in characters; stays below the limit of a message in every script. */
export const maxChatText = 4_000;

/** Undefined for everything that is not exactly one of our messages: the other side is not to be trusted with more. */
export function parseMessage(data: unknown): Message | undefined {
  if (typeof data !== "string" || data.length > maxMessage) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const message = value as Record<string, unknown>;
  switch (message.t) {
    case "state":
      return {
        t: "state",
        mic: message.mic === true,
        camera: message.camera === true,
        screen: message.screen === true,
        sharing: message.sharing === true,
      };
    case "chat":
      if (!isId(message.id) || typeof message.text !== "string" || message.text.length > maxChatText)
        return undefined;
      return {
        t: "chat",
        id: message.id,
        text: message.text,
        yours: message.yours === true,
        again: message.again === true,
        by: typeof message.by === "string" ? message.by : undefined,
      };
    case "chat-ack":
      return isId(message.id) ? { t: "chat-ack", id: message.id } : undefined;
    case "compared":
    case "here":
    case "bye":
      return { t: message.t };
    default:
      return typeof message.t === "string" ? { t: "more", message: message as Added } : undefined;
  }
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value);
}
