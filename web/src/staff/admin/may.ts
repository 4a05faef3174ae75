import type { Level, PlaceKind } from "../../api/admin";
import type { Me, Role } from "../../api/types";

/**
 * Who is offered what, as internal/staff/roles.go has it. It decides nothing: the server does, and says so for each place
 * and each person.
 */
const has = (me: Pick<Me, "roles">, ...roles: Role[]): boolean =>
  me.roles.some(({ role }) => roles.includes(role));

export const seesOffices = (me: Pick<Me, "roles">): boolean =>
  has(me, "lead", "location_admin", "department_admin", "agency_admin", "protection");
export const readsAudit = (me: Pick<Me, "roles">): boolean => has(me, "auditor", "protection");

export const operates = (me: Pick<Me, "roles">): boolean => has(me, "operator");

/** What guests have said after their talks. */
export const seesFigures = (me: Pick<Me, "roles">): boolean =>
  has(me, "department_admin", "agency_admin", "protection");

/** Whether there is anything here for somebody. */
export const sees = (me: Pick<Me, "roles">): boolean => seesOffices(me) || readsAudit(me) || operates(me);

/** The desks whose substitutes somebody names. */
export const leads = (me: Pick<Me, "desks">): Me["desks"] => me.desks.filter(({ role }) => role === "lead");

export function mayMake(me: Pick<Me, "roles">, kind: PlaceKind): boolean {
  if (has(me, "agency_admin")) return true;
  if (kind === "desk") return has(me, "location_admin", "department_admin");
  return kind === "service" && has(me, "department_admin");
}

/** Ids of the places that somebody leads or administers; none where that is the whole agency. */
export function ownPlaces(me: Pick<Me, "roles">): readonly string[] {
  if (has(me, "agency_admin", "protection")) return [];
  const own = me.roles.filter(({ role }) => ["lead", "location_admin", "department_admin"].includes(role));
  return [...new Set(own.map(({ place }) => place))];
}

export const mayEmploy = (me: Pick<Me, "roles">): boolean =>
  has(me, "location_admin", "department_admin", "agency_admin");
export const employsAll = (me: Pick<Me, "roles">): boolean => has(me, "agency_admin");
/** Who may be the second of two people. */
const approves = (me: Pick<Me, "roles">): boolean => has(me, "agency_admin", "protection");
/** Who is one of two: a department asks, too, and sees what it has asked for. */
export const asksOrApproves = (me: Pick<Me, "roles">): boolean => approves(me) || has(me, "department_admin");
export const mayImport = (me: Pick<Me, "roles">): boolean => has(me, "agency_admin");
export const mayExport = (me: Pick<Me, "roles">): boolean => has(me, "agency_admin", "protection");

/** Where a role can be held, in the order in which it is offered. */
const levels: Readonly<Record<Role, readonly Level[]>> = {
  advisor: ["desk", "location"],
  reception: ["desk", "location", "department"],
  lead: ["desk", "location"],
  location_admin: ["location"],
  department_admin: ["department"],
  agency_admin: ["agency"],
  protection: ["agency"],
  auditor: ["agency"],
  operator: ["agency"],
};

export const allRoles = Object.keys(levels) as readonly Role[];
export const levelsOf = (role: Role): readonly Level[] => levels[role];

/** The roles that somebody may give anywhere. */
export function givable(me: Pick<Me, "roles">): readonly Role[] {
  if (employsAll(me)) return allRoles;
  return mayEmploy(me) ? ["advisor", "reception", "lead"] : [];
}
