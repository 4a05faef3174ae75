/** What the two pages say to each other directly, encrypted like the media (docs/protocol.md §4, 10). */
export type Message =
  | { t: "state"; mic: boolean; camera: boolean; screen: boolean; sharing: boolean }
  /** `yours`: the page that hears it has said it, and has been loaded anew since. */
  | { t: "chat"; id: string; text: string; yours?: boolean }
  | { t: "chat-ack"; id: string }
  | { t: "compared" }
  /** Said again and again by a side that sends neither sound nor picture: else nobody would notice that it has gone. */
  | { t: "here" }
  /** Where this person points at on the shown screen, from its upper left; without a place they point no more. */
  | { t: "point"; at?: Point }
  | { t: "bye" };

/** Parts of width and height, 0 to 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
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
        ...(message.yours === true ? { yours: true } : {}),
      };
    case "chat-ack":
      return isId(message.id) ? { t: "chat-ack", id: message.id } : undefined;
    case "compared":
      return { t: "compared" };
    case "point":
      return { t: "point", ...pointOf(message.at) };
    case "here":
    case "bye":
      return { t: message.t };
    default:
      return undefined;
  }
}

function pointOf(value: unknown): { at?: Point } {
  const { x, y } = (value ?? {}) as Record<string, unknown>;
  return isPart(x) && isPart(y) ? { at: { x, y } } : {};
}

function isPart(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value);
}
