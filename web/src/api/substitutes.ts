/** Who works at a desk for a time: calls of docs/protocol.md, "Administration". */
import { api } from "./client";

export type SubstituteRole = "advisor" | "reception";

export interface Substitute {
  readonly id: string;
  readonly name: string;
  readonly role: SubstituteRole;
  readonly from: number;
  /** Up to that moment, without it. */
  readonly until: number;
  /** Who has said so. */
  readonly by?: string;
}

export interface Found {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

type Substitutes = Promise<readonly Substitute[]>;
const at = (desk: string): string => `/api/staff/desks/${encodeURIComponent(desk)}/substitutes`;
const listed = ({ substitutes }: { substitutes: Substitute[] }): readonly Substitute[] => substitutes;

export const readSubstitutes = (desk: string): Substitutes =>
  api.get<{ substitutes: Substitute[] }>(at(desk)).then(listed);

export const nameSubstitute = (
  desk: string,
  said: { person: string; role: SubstituteRole; from: number; until: number },
): Substitutes => api.post<{ substitutes: Substitute[] }>(at(desk), said).then(listed);

export const endSubstitute = (desk: string, { id, role }: Substitute): Substitutes =>
  api.delete<{ substitutes: Substitute[] }>(`${at(desk)}/${encodeURIComponent(id)}/${role}`).then(listed);

/** Names of people stand in no address. */
export const findSubstitute = async (
  desk: string,
  text: string,
  signal: AbortSignal,
): Promise<readonly Found[]> =>
  (await api.post<{ people: Found[] }>(`${at(desk)}/search`, { text }, { signal })).people;
