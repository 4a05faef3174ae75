import { expect, test } from "vitest";
import type { Role } from "../../api/types";
import {
  allRoles,
  givable,
  levelsOf,
  mayExport,
  mayImport,
  mayMake,
  ownPlaces,
  sees,
  seesFigures,
  seesOffices,
} from "./may";

const who = (...roles: Role[]) => ({
  roles: roles.map((role) => ({ role, kind: "agency" as const, place: "a" })),
});

test("who only advises or receives is not offered the administration", () => {
  for (const role of ["advisor", "reception"] as const) expect(sees(who(role))).toBe(false);
  for (const role of ["lead", "location_admin", "department_admin", "agency_admin", "protection"] as const)
    expect(sees(who(role)) && seesOffices(who(role))).toBe(true);
  for (const role of ["auditor", "operator"] as const)
    expect([sees(who(role)), seesOffices(who(role))]).toEqual([true, false]);
  expect(sees(who())).toBe(false);
});

test("figures are for who answers for a department or more, and for data protection", () => {
  expect(allRoles.filter((role) => seesFigures(who(role)))).toEqual([
    "department_admin",
    "agency_admin",
    "protection",
  ]);
});

test("nobody is offered to make what lies beside their place", () => {
  expect(mayMake(who("location_admin"), "desk")).toBe(true);
  expect(mayMake(who("location_admin"), "service")).toBe(false);
  expect(mayMake(who("department_admin"), "service")).toBe(true);
  expect(mayMake(who("department_admin"), "location")).toBe(false);
  expect(mayMake(who("agency_admin"), "department")).toBe(true);
  expect(mayMake(who("lead", "protection"), "desk")).toBe(false);
});

test("nobody is offered to give a role that reaches further than their own", () => {
  expect(givable(who("agency_admin"))).toEqual(allRoles);
  expect(givable(who("location_admin"))).toEqual(["advisor", "reception", "lead"]);
  expect(givable(who("lead"))).toEqual([]);
  expect(levelsOf("advisor")).toEqual(["desk", "location"]);
});

test("the whole organisation goes out to two, and comes in by one", () => {
  expect([mayExport(who("protection")), mayImport(who("protection"))]).toEqual([true, false]);
  expect([mayExport(who("agency_admin")), mayImport(who("agency_admin"))]).toEqual([true, true]);
  expect([mayExport(who("location_admin")), mayImport(who("department_admin"))]).toEqual([false, false]);
});

test("who leads or administers a part of the agency is shown that part first", () => {
  const at = (role: Role, place: string) => ({ role, kind: "desk" as const, place });
  const roles = [at("lead", "d1"), at("advisor", "d2"), at("location_admin", "l1"), at("lead", "l1")];
  expect(ownPlaces({ roles })).toEqual(["d1", "l1"]);
  expect(ownPlaces({ roles: [...roles, at("protection", "a")] })).toEqual([]);
  expect(ownPlaces(who("agency_admin"))).toEqual([]);
});
