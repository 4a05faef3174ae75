import { beforeEach, expect, test } from "vitest";
import type { PersonView, PlaceView } from "../../api/admin";
import { server } from "../fakes";
import { ImportDesk } from "./importDesk.svelte";
import { PersonDesk } from "./personDesk.svelte";
import { PlaceEdit } from "./placeEdit.svelte";
import { RoleDraft } from "./roleDraft.svelte";

const place: PlaceView = {
  kind: "location",
  id: "l1",
  code: "LIN",
  name: "Rathaus",
  city: "Lindenau",
  closed: false,
  shut: false,
  version: "v1",
  below: { desks: 1, people: 3 },
  may: ["arrange"],
  mayShut: true,
  gives: [],
};
const person: PersonView = {
  id: "p1",
  email: "s@amt.example",
  name: "Sabine Sommer",
  disabled: false,
  password: true,
  roles: [{ role: "advisor", kind: "desk", place: "t1", name: "Jugendamt", source: "hand" }],
  version: "v1",
  may: true,
  factor: false,
};

let changed: number;
const count = (): number => (changed += 1);
beforeEach(() => {
  changed = 0;
});

test("what a form can see itself is not asked", async () => {
  const { posted } = server({});
  const edit = new PlaceEdit("location", place);
  edit.write("name", " ");
  expect(await edit.save()).toBeUndefined();
  expect(edit.wrongAt("name")?.code).toBe("empty");
  edit.write("name", "Rathaus");
  expect(edit.wrongAt("name")).toBeUndefined();
  expect(await edit.save()).toBeUndefined();
  expect(edit.same).toBe(true);
  expect(posted).toEqual([]);
});

test("what the server finds stands at its field, and what belongs to none above them", async () => {
  const at = "/api/staff/places/l1";
  const refuse = (column: string) =>
    server({
      [at]: {
        status: 422,
        body: {
          code: "admin.invalid",
          params: { mistakes: [{ code: "too_long", params: { column, most: 120 } }] },
        },
      },
    });
  refuse("city");
  const edit = new PlaceEdit("location", place);
  edit.write("city", "x".repeat(121));
  await edit.save();
  expect(edit.wrongAt("city")).toMatchObject({ code: "too_long", params: { most: 120 } });
  expect(edit.refusal).toBeUndefined();
  refuse("state");
  await edit.save();
  expect(edit.refusal?.code).toBe("admin.invalid");
  expect(edit.draft.city).toHaveLength(121);
});

test("a code that is taken is told at the field of the code", async () => {
  server({
    "/api/staff/places": { status: 409, body: { code: "place.code_taken", params: { code: "LIN" } } },
  });
  const edit = new PlaceEdit("location");
  edit.write("name", "Rathaus");
  edit.write("code", "LIN");
  await edit.save();
  expect(edit.wrongAt("code")).toMatchObject({ code: "code_taken", params: { code: "LIN" } });
});

test("a role is sent with nothing but what the server knows, and given back by the same words", async () => {
  const { bodies, posted } = server({
    "/api/staff/people/p1": { body: person },
    "/api/staff/people/p1/roles": { body: person },
    "/api/staff/people/p1/roles/advisor/t1": { body: { ...person, roles: [] } },
  });
  const desk = new PersonDesk("p1", count);
  await desk.load();
  const [role] = person.roles;
  if (!role) throw new Error("no role");
  expect(await desk.take(role)).toBe(true);
  expect(desk.receipt).toEqual({ what: "taken", role });
  expect(await desk.give(role)).toBe(true);
  expect(desk.receipt).toEqual({ what: "given", role });
  expect(bodies).toEqual([{ role: "advisor", place: "t1" }]);
  expect(posted).toHaveLength(3);
  expect(changed).toBe(2);
});

test("a refusal leaves the account as it is, and is told", async () => {
  server({
    "/api/staff/people/p1": { body: person },
    "/api/staff/people/p1/roles": { status: 403, body: { code: "role.forbidden" } },
  });
  const desk = new PersonDesk("p1", count);
  await desk.load();
  expect(await desk.give({ role: "lead", place: "t9" })).toBe(false);
  expect(desk.refusal?.code).toBe("role.forbidden");
  expect([desk.person, desk.receipt, desk.busy, changed]).toEqual([person, undefined, false, 0]);
});

test("files are asked about before they are taken over, and others make what was said untrue", async () => {
  const result = { trial: true, counts: { desks: { new: 1 } }, changes: [], more: 0 };
  server({
    "/api/staff/import?trial=true": { body: result },
    "/api/staff/import?trial=false": { body: { ...result, trial: false } },
  });
  const desk = new ImportDesk(count);
  await desk.check();
  expect(desk.missing).toBe(true);
  desk.choose([new File(["x"], "desks.csv")]);
  await desk.check();
  expect([desk.missing, desk.result?.trial, changed]).toEqual([false, true, 0]);
  desk.choose([new File(["y"], "desks.csv")]);
  expect(desk.result).toBeUndefined();
  await desk.check();
  await desk.take();
  expect([desk.result?.trial, changed]).toEqual([false, 1]);
});

test("all mistakes of files are told, also how many more there are", async () => {
  const mistakes = [{ file: "desks.csv", line: 2, code: "twice", params: { key: "A", first: 1 } }];
  server({
    "/api/staff/import?trial=true": {
      status: 422,
      body: { code: "import.mistakes", params: { mistakes, more: 7 } },
    },
  });
  const desk = new ImportDesk(count);
  desk.choose([new File(["x"], "desks.csv")]);
  await desk.check();
  expect([desk.mistakes, desk.more, desk.refusal, desk.result]).toEqual([mistakes, 7, undefined, undefined]);
});

test("a role for the whole agency needs no place, and another level other places", () => {
  const me = { roles: [{ role: "agency_admin" as const, kind: "agency" as const, place: "a1" }] };
  const draft = new RoleDraft(me);
  expect(draft.value).toBeUndefined();
  expect(draft.wrong).toBe(true);
  draft.begin("location", "l1", "Rathaus");
  expect([draft.level, draft.value]).toEqual(["location", { role: "advisor", place: "l1" }]);
  draft.role = "department_admin";
  draft.forget();
  expect([draft.level, draft.value]).toEqual(["department", undefined]);
  draft.role = "auditor";
  expect(draft.value).toEqual({ role: "auditor", place: "a1" });
  draft.role = "";
  expect(draft.value).toBeUndefined();
});
