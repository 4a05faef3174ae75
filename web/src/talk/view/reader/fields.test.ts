import { expect, test } from "vitest";
import type { Field } from "../../form/model";
import { answerOf } from "../words";
import { lacksNames, withBeside } from "./beside";
import { readOf, type Slot, slotsOf, type Widget } from "./fields";

let made = 0;
const widget = (more: Partial<Widget>): Widget => ({
  id: `${String(++made)}R`,
  subtype: "Widget",
  fieldType: "Tx",
  rect: [72, 700, 400, 720],
  ...more,
});

async function slots(...pages: Widget[][]): Promise<Slot[]> {
  const found = await slotsOf({
    pages: pages.length,
    widgets: (page) => Promise.resolve(pages[page - 1] ?? []),
  });
  if (!found) throw new Error("too many");
  return found;
}
const labels = async (...pages: Widget[][]): Promise<string[]> =>
  (await slots(...pages)).map(({ field }) => field.label);
async function only(...widgets: Widget[]): Promise<Slot & { field: Field }> {
  const [slot, ...more] = await slots(widgets);
  if (!slot || more.length > 0) throw new Error("not one");
  return slot;
}

test("fields stand as they are read: line by line, whatever their order in the file", async () => {
  const at = (fieldName: string, left: number, top: number): Widget =>
    widget({ fieldName, rect: [left, top - 20, left + 100, top] });
  expect(
    await labels([at("ort", 200, 601), at("plz", 72, 600), at("name", 72, 700)], [at("ende", 72, 800)]),
  ).toEqual(["Name", "Plz", "Ort", "Ende"]);
});

test("a field is called what the file says for people, else its name, made readable", async () => {
  expect(
    await labels([
      widget({ fieldName: "a", alternativeText: "Vor- und\nNachname" }),
      widget({ fieldName: "antrag.seite1.geburtsDatum[0]" }),
      widget({ fieldName: "__proto__" }),
    ]),
  ).toEqual(["Vor- und Nachname", "Geburts Datum", "Proto"]);
});

test("a date is one, and of another form what is expected is said", async () => {
  const date = (datetimeFormat: string): Widget => widget({ datetimeType: "date", datetimeFormat });
  expect((await only(date("dd.mm.yyyy"))).field.kind).toBe("date");
  expect((await only(date("mm/yy"))).field).toMatchObject({ kind: "text", help: "mm/yy" });
});

test("a box is ticked by what the file calls it", async () => {
  const box = widget({
    fieldType: "Btn",
    checkBox: true,
    exportValue: "Ja",
    fieldValue: "Ja",
    required: true,
  });
  const slot = await only(box);
  expect(slot).toMatchObject({ field: { kind: "check", required: true }, value: true });
  expect(slot.stored(false)).toEqual([[box.id, false]]);
});

test("of radio buttons, and of boxes of one name, one is chosen", async () => {
  const radio = ["miete", "eigen"].map((buttonValue) =>
    widget({
      fieldName: "art",
      fieldType: "Btn",
      radioButton: true,
      buttonValue,
      fieldValue: "eigen",
      alternativeText: "Wohnung",
    }),
  );
  const slot = await only(...radio);
  expect(slot).toMatchObject({
    field: { kind: "radio", label: "Wohnung", options: ["miete", "eigen"] },
    value: "eigen",
  });
  expect(slot.stored("miete").map(([, on]) => on)).toEqual([true, false]);
  const boxes = ["1", "2"].map((exportValue) =>
    widget({
      fieldName: "wahl",
      fieldType: "Btn",
      checkBox: true,
      exportValue,
      alternativeText: `Kind ${exportValue}`,
    }),
  );
  expect((await only(...boxes)).field).toMatchObject({
    kind: "radio",
    label: "Wahl",
    options: ["Kind 1", "Kind 2"],
  });
});

test("radio buttons with names for programs are called by what is printed beside them, or counted", async () => {
  const radio = ["Choice1", "Choice2", "Choice3"].map((buttonValue, n) =>
    widget({
      fieldName: "art",
      fieldType: "Btn",
      radioButton: true,
      buttonValue,
      fieldValue: "Choice2",
      rect: n < 2 ? [72, 700 - 20 * n, 84, 712 - 20 * n] : [200, 700, 212, 712],
    }),
  );
  const piece = (str: string, left: number, base: number) => ({
    str,
    transform: [10, 0, 0, 10, left, base],
    width: 5 * str.length,
  });
  const pieces = [
    piece("Wohnung", 72, 720),
    piece("Miete", 90, 702),
    piece("zur", 118, 702),
    piece("Eigentum", 90, 682),
    piece("Sonstiges", 216, 702),
  ];
  expect(lacksNames(radio)).toBe(true);
  const named = await only(...withBeside(radio, pieces));
  expect(named.field.options).toEqual(["Miete zur", "Sonstiges", "Eigentum"]); // as they are read
  expect(named.value).toBe("Eigentum");
  expect((await only(...radio)).field.options).toEqual(["1", "2", "3"]);
  expect((await only(...withBeside(radio, pieces.slice(0, 3)))).field.options).toEqual(["1", "2", "3"]);
  const words = ["miete", "eigen"].map((buttonValue) => ({
    ...(radio[0] as Widget),
    id: buttonValue,
    buttonValue,
  }));
  expect(lacksNames(words)).toBe(false);
});

test("a choice is shown in words, and stored as the file wants it", async () => {
  const options = [
    { exportValue: "", displayValue: " " },
    { exportValue: "DE", displayValue: "Deutschland" },
    { exportValue: "AT", displayValue: "Österreich" },
    { exportValue: "AT2", displayValue: "Österreich" },
  ];
  const slot = await only(widget({ fieldType: "Ch", options, fieldValue: ["AT"] }));
  expect(slot.field.options).toEqual(["Deutschland", "Österreich", "Österreich (2)"]);
  expect(slot.value).toBe("Österreich");
  expect(slot.stored("Österreich (2)")[0]?.[1]).toBe("AT2");
  expect(slot.stored("")[0]?.[1]).toBe("");
});

test("nobody is asked for what cannot be filled in: signatures, buttons, hidden and fixed fields, links", async () => {
  const shut = [
    { fieldType: "Sig" },
    { fieldType: "Btn" },
    { hidden: true },
    { readOnly: true },
    { password: true },
    { subtype: "Link" },
  ];
  const none = await slots(shut.map(widget));
  expect(readOf(none, false)).toEqual({ none: "empty" });
});

test("a form without end is none", async () => {
  const many = (count: number): Widget[] =>
    Array.from({ length: count }, (_, n) => widget({ fieldName: `f${String(n)}` }));
  expect(readOf(await slots(many(300)), false)).toMatchObject({ values: { length: 300 } });
  for (const count of [301, 5_000])
    expect(readOf(await slotsOf({ pages: 1, widgets: () => Promise.resolve(many(count)) }), false)).toEqual({
      none: "many",
    });
});

test("what a sandbox says of a form is believed as little as the file", async () => {
  const { field } = await only(widget({ fieldName: "name" }));
  const said = (form: unknown): unknown => answerOf({ do: "form", form });
  const whole = { fields: [field], values: [""], scripted: false };
  expect(said(whole)).toEqual({ do: "form", form: whole });
  for (const form of [
    null,
    { none: "<b>" },
    { ...whole, values: [] },
    { ...whole, values: [true] },
    { ...whole, fields: [], values: [] },
    { ...whole, fields: [{ ...field, kind: "html" }] },
    { ...whole, fields: Array(301).fill(field), values: Array(301).fill("") },
  ])
    expect(said(form)).toBeUndefined();
  expect(answerOf({ do: "filled" })).toEqual({ do: "filled" });
  expect(answerOf({ do: "filled", bytes: "%PDF-" })).toBeUndefined();
});

test("what stands in a field and is drawn by nobody is not visible", async () => {
  const name = (more: Partial<Widget>): Widget =>
    widget({ fieldName: "name", hasAppearance: false, ...more });
  expect((await only(name({ fieldValue: "Łukasz" }))).visible).toBe(false);
  expect((await only(name({ fieldValue: "Łukasz", hasAppearance: true }))).visible).toBe(true);
  expect((await only(name({}))).visible).toBe(true);
});
