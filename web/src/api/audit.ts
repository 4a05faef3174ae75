/** What happened, for those who watch over it: calls of docs/protocol.md. */
import type { Level } from "./admin";
import { api } from "./client";

export interface AuditEntry {
  readonly number: number;
  readonly at: number;
  readonly actorKind: "staff" | "guest" | "system";
  /** A pseudonym. */
  readonly actor?: string;
  readonly act: string;
  readonly objectKind: "staff" | "appointment" | "place" | "agency";
  readonly object: string;
  /** Codes: "role=advisor place=…" */
  readonly detail?: string;
}

export interface AuditSearch {
  readonly from?: number;
  readonly until?: number;
  readonly act?: string;
  readonly object?: string;
  /** Of one entry. */
  readonly number?: number;
  /** The id of a member of staff. */
  readonly person?: string;
}

/** A part of the agency, as it is called now. */
export interface Named {
  readonly id: string;
  readonly kind: Level;
  readonly name: string;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  readonly next?: string;
  /** The pseudonym of who was looked for. */
  readonly person?: string;
  /** What the entries call by its id, where it is still there. */
  readonly places: readonly Named[];
}

export interface Whole {
  readonly entries: number;
  readonly since?: number;
  readonly head?: string;
  readonly faults: readonly { readonly what: string; readonly number: number; readonly to?: number }[];
  readonly at: number;
}

export interface Found {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

const base = "/api/staff/audit";
/** The server gives itself ninety seconds. */
const checkMs = 100_000;

function query(look: AuditSearch, more: Record<string, string> = {}): string {
  const said = Object.entries({ ...look, ...more }).filter(([, value]) => value);
  return new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
}

export const searchAudit = (look: AuditSearch, cursor: string | undefined): Promise<AuditPage> =>
  api.get(`${base}?${query(look, cursor === undefined ? {} : { cursor })}`);

export const auditExport = (look: AuditSearch): string => `${base}/export?${query(look)}`;

export const auditActs = async (): Promise<readonly string[]> =>
  (await api.get<{ acts: string[] }>(`${base}/acts`)).acts;

/** Names of people stand in no address. */
export const findAudited = async (text: string, signal: AbortSignal): Promise<readonly Found[]> =>
  (await api.post<{ people: Found[] }>(`${base}/people`, { text }, { signal })).people;

export const checkAudit = (): Promise<Whole> => api.post(`${base}/check`, {}, { deadlineMs: checkMs });
