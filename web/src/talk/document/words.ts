import type { Added } from "../../call/channel";
import { isId } from "../files/words";

/** What the two sides say about a document (docs/protocol.md §4, 14); `id` is the advisor's name for one moment. */
export type DocumentWord =
  /** The advisor wants to see one, or agrees to. */
  | { do: "ask"; id: string }
  /** The guest wants to show one. */
  | { do: "wish" }
  /** To an ask, `why` where the camera does not go; without `id`: to a wish, or it is taken back. */
  | { do: "no"; id?: string; why?: "camera" }
  /** The guest's camera is open. */
  | { do: "ready"; id: string }
  /** Whether this side wants the picture kept. */
  | { do: "keep"; id: string; yes: boolean }
  | { do: "end"; id: string }
  /** Said when a channel opens: the moment that is on, if one is. */
  | { do: "now"; id?: string; keep?: boolean };

/** Undefined for what is not exactly one of these. */
export function documentWord(message: Added): DocumentWord | undefined {
  const { t, id, why, yes, keep } = message;
  if (t !== "document" || (id !== undefined && !isId(id))) return undefined;
  const named = id === undefined ? {} : { id };
  switch (message.do) {
    case "wish":
      return { do: "wish" };
    case "no":
      return { do: "no", ...named, ...(why === "camera" ? { why } : {}) };
    case "now":
      return { do: "now", ...named, ...(typeof keep === "boolean" ? { keep } : {}) };
    case "keep":
      return id === undefined || typeof yes !== "boolean" ? undefined : { do: "keep", id, yes };
    case "ask":
    case "ready":
    case "end":
      return id === undefined ? undefined : { do: message.do, id };
    default:
      return undefined;
  }
}
