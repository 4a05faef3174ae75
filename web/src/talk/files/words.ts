import type { Added } from "../../call/channel";
import { plainName } from "./name";

/** In bytes: 50 MB. */
export const largest = 50_000_000;
/** So many that one side may have on offer; who sends more is not listened to. */
export const mostOffers = 20;

/** So many of the other side are told of in one talk. */
export const mostListed = 100;

/** Why a file goes no further. */
type Stop =
  /** Whoever gets it does not want it. */
  | "no"
  /** Whoever gets it waits, and will ask for the rest. */
  | "pause"
  /** All is there, and what it should be. */
  | "got"
  /** What came is not what was offered, or may not be sent. */
  | "unlike"
  /** Whoever sends it waits, and will offer it again. */
  | "hold"
  /** Whoever sends it has it no more. */
  | "gone";

/** What the two sides say about files (docs/protocol.md §4, 13); `id` is the sender's name for one of its files. */
export type FileWord =
  | { do: "offer"; id: string; name: string; size: number }
  | { do: "want"; id: string; from: number; run: number }
  | { do: Stop; id: string }
  /** A page that is new asks what is on offer. */
  | { do: "again" }
  /** All that is on offer: what else there was is not any more, as the page has been loaded anew. */
  | { do: "have"; ids: readonly string[] };

const stops: readonly string[] = ["no", "pause", "got", "unlike", "hold", "gone"] satisfies Stop[];

/** Undefined for what is not exactly one of these; `kind` is `t` of what the bytes are for. */
export function wordOf(message: Added, kind = "file"): FileWord | undefined {
  const { t, id, ids, name, size, from, run } = message;
  if (t !== kind) return undefined;
  if (message.do === "again") return { do: "again" };
  if (message.do === "have") return Array.isArray(ids) ? { do: "have", ids: ids.filter(isId) } : undefined;
  if (!isId(id)) return undefined;
  switch (message.do) {
    case "offer":
      if (typeof name !== "string" || !isCount(size, largest) || size === 0) return undefined;
      return { do: "offer", id, name: plainName(name.slice(0, 1_000)), size };
    case "want":
      if (!isCount(from, largest) || !isCount(run, 0xffffffff)) return undefined;
      return { do: "want", id, from, run };
    default:
      return stops.includes(message.do as string) ? { do: message.do as Stop, id } : undefined;
  }
}

export function isId(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value);
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

/** In bytes. Small enough for every browser, and for a line of the chat to get through between two of them. */
export const frameBytes = 16 * 1024;
const headBytes = 4;

/** A piece of a file on its way: `run` is the number with which it was asked for, and what follows is in order. */
export function framed(run: number, piece: Uint8Array): ArrayBuffer {
  const frame = new Uint8Array(headBytes + piece.length);
  new DataView(frame.buffer).setUint32(0, run);
  frame.set(piece, headBytes);
  return frame.buffer;
}

export function unframed(data: unknown): { run: number; piece: Uint8Array<ArrayBuffer> } | undefined {
  if (
    !(data instanceof ArrayBuffer) ||
    data.byteLength <= headBytes ||
    data.byteLength > headBytes + frameBytes
  )
    return undefined;
  return { run: new DataView(data).getUint32(0), piece: new Uint8Array(data, headBytes) };
}
