import type { Added } from "../../call/channel";
import { isId } from "../files/words";
import { longestTitle, mostFields, plain } from "./model";

/** What stands in a field: its number, how often it was changed, whether the guest did so last, and the value. */
export type Line = readonly [field: number, n: number, guest: boolean, value: unknown];

/** What the two sides say about a form (docs/protocol.md §4, 19); all but `now` are about the form `id`. */
export type FormWord =
  /** What this page has; nothing where it has been loaded anew. */
  | { do: "now"; id?: string }
  /** All of it, please. */
  | { do: "want"; id: string }
  | { do: "head"; id: string; title: string; digest: string; scripted: boolean; count: number }
  /** Fields from number `at` on, each of which is yet to be looked at. */
  | { do: "fields"; id: string; at: number; fields: readonly unknown[] }
  | { do: "set"; id: string; lines: readonly Line[] }
  /** Where this side is, and writes; nowhere without `field`. */
  | { do: "at"; id: string; field?: number }
  /** Look here. */
  | { do: "point"; id: string; field: number }
  /** By the guest: what stands there is right, in exactly these versions; `round` counts how often. */
  | { do: "confirm"; id: string; round: number; versions: readonly number[] }
  /** By the advisor: the confirmation has come, or counts no more. */
  | { do: "agreed"; id: string; round: number }
  | { do: "reopen"; id: string; round: number; why?: "changed" }
  /** This side has saved the result. */
  | { do: "saved"; id: string }
  | { do: "close"; id: string };

/** In units of JSON, well below the longest message (call/channel). */
const longestBatch = 13_000;
/** No honest page gets so far. */
const mostChanges = 1_000_000;

/** Undefined for what is not exactly one of these. */
export function formWord(message: Added): FormWord | undefined {
  const { t, id, title, digest, count, at, fields, lines, field, round, versions } = message;
  if (t !== "form") return undefined;
  if (message.do === "now" && id === undefined) return { do: "now" };
  if (!isId(id)) return undefined;
  switch (message.do) {
    case "now":
    case "want":
    case "saved":
    case "close":
      return { do: message.do, id };
    case "head":
      if (typeof title !== "string" || !isDigest(digest) || !isCount(count, mostFields) || count === 0)
        return undefined;
      return {
        do: "head",
        id,
        title: plain(title, longestTitle),
        digest,
        scripted: message.scripted === true,
        count,
      };
    case "fields":
      if (!isCount(at, mostFields) || !isShort(fields)) return undefined;
      return { do: "fields", id, at, fields };
    case "set":
      return isShort(lines) ? { do: "set", id, lines: lines.filter(isLine) } : undefined;
    case "at":
      if (field === undefined) return { do: "at", id };
      return isCount(field, mostFields) ? { do: "at", id, field } : undefined;
    case "point":
      return isCount(field, mostFields) ? { do: "point", id, field } : undefined;
    case "confirm":
      if (!isCount(round, mostChanges) || !isShort(versions) || !versions.every(isVersion)) return undefined;
      return { do: "confirm", id, round, versions };
    case "agreed":
      return isCount(round, mostChanges) ? { do: "agreed", id, round } : undefined;
    case "reopen":
      if (!isCount(round, mostChanges)) return undefined;
      return { do: "reopen", id, round, ...(message.why === "changed" ? { why: "changed" as const } : {}) };
    default:
      return undefined;
  }
}

function isLine(data: unknown): data is Line {
  if (!Array.isArray(data)) return false;
  const [field, n, guest, value] = data as unknown[];
  const known = typeof value === "string" || typeof value === "boolean";
  return isCount(field, mostFields) && isCount(n, mostChanges) && typeof guest === "boolean" && known;
}

function isShort(data: unknown): data is unknown[] {
  return Array.isArray(data) && data.length <= mostFields;
}

function isVersion(data: unknown): data is number {
  return isCount(data, mostChanges);
}

function isDigest(data: unknown): data is string {
  return typeof data === "string" && /^[0-9a-f]{64}$/.test(data);
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

/** In as few pieces as messages bear. */
export function batches<T>(items: readonly T[]): { at: number; items: T[] }[] {
  const made: { at: number; items: T[]; size: number }[] = [];
  items.forEach((item, at) => {
    const size = JSON.stringify(item).length + 1;
    const last = made.at(-1);
    if (last && last.size + size <= longestBatch) {
      last.items.push(item);
      last.size += size;
    } else made.push({ at, items: [item], size });
  });
  return made.map(({ at, items }) => ({ at, items }));
}
