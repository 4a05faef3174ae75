import { expect, test } from "vitest";
import { isAdmin, pathOf, type Route, routeOf } from "./route";

const shown = (path: string): Route => routeOf(new URL(path, "https://amt.example"));

test("an address leads to what it was made for", () => {
  expect(shown(pathOf.places("desk"))).toEqual({ page: "places", kind: "desk" });
  expect(shown(pathOf.place("a b"))).toEqual({ page: "place", id: "a%20b" });
  expect(shown(pathOf.newPlace("service", "d/1"))).toEqual({
    page: "newPlace",
    kind: "service",
    within: "d/1",
  });
  expect(shown(pathOf.people())).toEqual({ page: "people", place: "" });
  expect(shown(pathOf.people("l1"))).toEqual({ page: "people", place: "l1" });
  expect(shown(pathOf.person("p1"))).toEqual({ page: "person", id: "p1" });
  expect(shown(pathOf.newPerson("l1"))).toEqual({ page: "newPerson", place: "l1" });
  expect(shown(pathOf.substitutes)).toEqual({ page: "substitutes" });
  expect(shown(pathOf.audit)).toEqual({ page: "audit" });
  expect(shown(pathOf.survey)).toEqual({ page: "survey" });
  expect(shown(pathOf.files)).toEqual({ page: "files" });
  expect(shown(pathOf.directory)).toEqual({ page: "directory" });
  expect(shown(pathOf.approvals)).toEqual({ page: "approvals" });
});

test("the administration begins with the locations, and what nobody knows is said to be unknown", () => {
  for (const path of ["/staff/admin", "/staff/admin/"])
    expect(shown(path)).toEqual({ page: "places", kind: "location" });
  for (const path of [
    "/staff/admin/nix",
    "/staff/admin/new/nix",
    "/staff/admin/places/a/b",
    "/staff/admin//",
  ])
    expect(shown(path)).toEqual({ page: "unknown" });
});

test("only what lies below the admin pages belongs to them", () => {
  expect(["/staff/admin", "/staff/admin/desks"].every(isAdmin)).toBe(true);
  expect(["/staff", "/staff/administer", "/staff/talk/1"].some(isAdmin)).toBe(false);
});
