import type { Added } from "../../call/channel";
import type { Passed } from "../../call/pair";

/** What the pages of a talk of several say to each other (docs/protocol.md §4, 21). */

const roles = ["citizen", "companion", "representative", "interpreter"] as const;
export type Role = (typeof roles)[number];

/** One of the guests, named by the talk with them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** On their device nothing is heard or said: they do so beside somebody else. */
  readonly room?: true;
}

/** Who else is in the talk, as the advisor's page says. */
export interface Roster {
  readonly people: readonly Person[];
  /** The others speak without this guest for a moment. */
  readonly apart: boolean;
}

const most = 11;
const longestName = 200;

export function rosterOf(message: Added): Roster | undefined {
  if (message.do !== "here" || !Array.isArray(message.people)) return undefined;
  const people: Person[] = [];
  for (const value of (message.people as unknown[]).slice(0, most)) {
    const { id, name, role, room } = (value ?? {}) as Record<string, unknown>;
    const known = roles.find((one) => one === role);
    if (!isId(id) || typeof name !== "string" || name.length > longestName || !known) return undefined;
    if (!people.some((one) => one.id === id))
      people.push({ id, name, role: known, ...(room === true ? { room } : {}) });
  }
  return { people, apart: message.apart === true };
}

/** A description and whose it is (`from`), or whom it is for (`to`). */
export interface Addressed {
  readonly who: string;
  readonly passed: Passed;
}

export function addressedOf(message: Added, direction: "from" | "to"): Addressed | undefined {
  const { do: act, who, kind, round, sdp } = message;
  if (act !== direction || !isId(who) || typeof sdp !== "string") return undefined;
  if (typeof round !== "number" || !Number.isSafeInteger(round) || round < 0) return undefined;
  if (kind !== "offer" && kind !== "answer" && kind !== "again") return undefined;
  return { who, passed: { kind, round, sdp } };
}

export function address(direction: "from" | "to", { who, passed }: Addressed): Added {
  return { t: "company", do: direction, who, ...passed };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value);
}
