import { expect, test } from "vitest";
import type { PlaceView } from "../../api/admin";
import { changesIn, draftOf, fieldAt, newDraft, newPlace, placeFields, rebase, wrongIn } from "./placeForm";

const view: PlaceView = {
  kind: "desk",
  id: "t1",
  code: "JUG-LIN",
  name: "Jugendamt Lindenau",
  department: { id: "d1", name: "Jugendamt" },
  location: { id: "l1", name: "Rathaus" },
  closed: false,
  shut: false,
  version: "v1",
  below: { desks: 0, people: 3 },
  may: ["arrange"],
  mayShut: true,
  gives: [],
};

test("only what was changed is sent", () => {
  const base = draftOf(view);
  expect(base).toEqual({ name: "Jugendamt Lindenau", code: "JUG-LIN", department: "d1", location: "l1" });
  expect(changesIn(base, base)).toEqual({});
  expect(changesIn({ ...base, name: " Jugend ", location: "l2" }, base)).toEqual({
    name: "Jugend",
    location: "l2",
  });
});

test("what never changes cannot be written", () => {
  expect(placeFields("desk", true)).toContain("department");
  expect(placeFields("desk", false)).toEqual(["name", "location"]);
});

test("numbers are sent as numbers, and what is left empty not at all", () => {
  const draft = {
    ...newDraft("service"),
    name: "Beratung",
    code: " BER ",
    department: "d1",
  };
  expect(newPlace("service", draft)).toEqual({
    kind: "service",
    name: "Beratung",
    code: "BER",
    department: "d1",
    minutes: 30,
  });
});

test("the form itself sees what is missing and what is no such number", () => {
  const wrong = (draft: object) =>
    wrongIn(
      { ...newDraft("service"), name: "x", code: "x", department: "d", ...draft },
      placeFields("service", true),
    ).map(({ code, params }) => `${code} ${params?.["column"] ?? ""}`);
  expect(wrong({})).toEqual([]);
  expect(wrong({ name: " ", minutes: "" })).toEqual(["empty name", "empty minutes"]);
  for (const minutes of ["4", "481", "1e2", "-5", "5,5", "zehn"])
    expect(wrong({ minutes })).toEqual(["number minutes"]);
});

test("a refusal is shown at the field that it is about", () => {
  expect(fieldAt("name_de")).toBe("name");
  expect(fieldAt("name_en")).toBe("nameEn");
  expect(fieldAt("city")).toBe("city");
  expect(fieldAt("state")).toBeUndefined();
  expect(fieldAt(undefined)).toBeUndefined();
});

test("when somebody else was quicker, what was typed stays and the rest is theirs", () => {
  const base = { name: "Rathaus", city: "Lindenau", phone: "1", code: "LIN" };
  const mine = { ...base, name: "Altes Rathaus", phone: "2" };
  const theirs = { ...base, name: "Bürgerhaus", city: "Ahorn", phone: "2" };
  expect(rebase(mine, base, theirs)).toEqual({
    draft: { name: "Altes Rathaus", city: "Ahorn", phone: "2", code: "LIN" },
    clashes: ["name"],
  });
});
