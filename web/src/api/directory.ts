/** The agency's directory (SCIM), as those who administer it set it up: docs/protocol.md, "Administration". */
import type { HeldRole, RoleAt } from "./admin";
import { api } from "./client";
import type { Role } from "./types";

interface DirectoryToken {
  readonly id: string;
  readonly label: string;
  readonly createdAt: number;
  readonly usedAt?: number;
  /** A name; none: the operator has made it. */
  readonly by?: string;
  /** Who has made it could make none any more: the account is disabled, or has another role. */
  readonly left?: "account" | "role";
}

/** Which role a group gives, and where. */
interface GroupRule {
  readonly id: string;
  readonly group: string;
  readonly role: Role;
  readonly kind: HeldRole["kind"];
  readonly place: string;
  readonly name: string;
  readonly members: number;
}

/** Whether the directory was stopped, as it would have removed too many. */
interface DirectoryGuard {
  readonly share: number;
  readonly removed: number;
  readonly most: number;
  readonly stoppedAt?: number;
  readonly refused?: number;
  readonly allowedUntil?: number;
}

export interface Directory {
  readonly address: string;
  readonly tokens: readonly DirectoryToken[];
  readonly rules: readonly GroupRule[];
  readonly groups: readonly string[];
  readonly guard: DirectoryGuard;
}

const base = "/api/staff/directory";

export const readDirectory = (): Promise<Directory> => api.get(base);
export const makeToken = (label: string): Promise<Directory & { token: string }> =>
  api.post(`${base}/tokens`, { label });
export const dropToken = (id: string): Promise<Directory> =>
  api.delete(`${base}/tokens/${encodeURIComponent(id)}`);
export const addRule = (group: string, { role, place }: RoleAt): Promise<Directory> =>
  api.post(`${base}/rules`, { group, role, place });
export const dropRule = (id: string): Promise<Directory> =>
  api.delete(`${base}/rules/${encodeURIComponent(id)}`);
export const setGuard = (change: { share?: number; allow?: boolean }): Promise<Directory> =>
  api.post(`${base}/guard`, change);
