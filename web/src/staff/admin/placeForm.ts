import type { Mistake, NewPlace, PlaceChange, PlaceKind, PlaceView } from "../../api/admin";

/** What is written of a place, all of it text; a department and a location by their ids. */
export type PlaceField =
  "code" | "name" | "nameEn" | "city" | "phone" | "department" | "location" | "minutes";

export type PlaceDraft = Readonly<Partial<Record<PlaceField, string>>>;

const fieldsOf: Readonly<Record<PlaceKind, readonly PlaceField[]>> = {
  location: ["name", "code", "city", "phone"],
  desk: ["name", "code", "department", "location"],
  department: ["name", "code"],
  service: ["name", "nameEn", "code", "department", "minutes"],
};

/** Never changes once it is there. */
const fixed: readonly PlaceField[] = ["code", "department"];

/** The fields of a form, in their order. */
export function placeFields(kind: PlaceKind, isNew: boolean): readonly PlaceField[] {
  return isNew ? fieldsOf[kind] : fieldsOf[kind].filter((field) => !fixed.includes(field));
}

const ranges: Partial<Record<PlaceField, { from: number; to: number }>> = {
  minutes: { from: 5, to: 480 },
};

const maybeEmpty: readonly PlaceField[] = ["nameEn", "city", "phone"];

export const mayBeEmpty = (field: PlaceField): boolean => maybeEmpty.includes(field);
export const isNumber = (field: PlaceField): boolean => field in ranges;

/** Something new, with what is usual. */
export function newDraft(kind: PlaceKind): PlaceDraft {
  const empty = Object.fromEntries(fieldsOf[kind].map((field) => [field, ""]));
  return kind === "service" ? { ...empty, minutes: "30" } : empty;
}

export function draftOf(view: PlaceView): PlaceDraft {
  if (view.kind === "agency") return {};
  const { department, location, ...rest } = view;
  const values = { ...rest, department: department?.id, location: location?.id };
  return Object.fromEntries(fieldsOf[view.kind].map((field) => [field, String(values[field] ?? "")]));
}

/** What the form itself can see: the server says the rest. */
export function wrongIn(draft: PlaceDraft, fields: readonly PlaceField[]): Mistake[] {
  return fields.flatMap((field) => {
    const value = (draft[field] ?? "").trim();
    const range = ranges[field];
    const params = { column: columnOf(field) };
    if (value === "") return mayBeEmpty(field) ? [] : [{ file: "", line: 0, code: "empty", params }];
    if (range && !(/^\d{1,4}$/.test(value) && Number(value) >= range.from && Number(value) <= range.to))
      return [{ file: "", line: 0, code: "number", params: { ...params, ...range } }];
    return [];
  });
}

const columnOf = (field: PlaceField): string => (field === "nameEn" ? "name_en" : field);

/** The field that a refusal is about, by the column that files have for it. */
export function fieldAt(column: string | number | undefined): PlaceField | undefined {
  if (column === "name_de") return "name";
  return fieldsOf.service
    .concat(fieldsOf.location, fieldsOf.desk)
    .find((field) => columnOf(field) === column);
}

/** What a form would change of what there is. */
export function changesIn(draft: PlaceDraft, base: PlaceDraft): PlaceChange {
  return valuesOf(draft, (field) => draft[field]?.trim() !== base[field]);
}

export function newPlace(kind: PlaceKind, draft: PlaceDraft): NewPlace {
  return { kind, code: "", ...valuesOf(draft, (field) => draft[field]?.trim() !== "") };
}

function valuesOf(draft: PlaceDraft, wanted: (field: PlaceField) => boolean): PlaceChange {
  const said = Object.entries(draft) as [PlaceField, string][];
  return Object.fromEntries(
    said
      .filter(([field]) => wanted(field))
      .map(([field, value]) => [field, isNumber(field) ? Number(value) : value.trim()]),
  );
}

/**
 * Somebody else has changed what is being written about: what was typed stays, the rest becomes what it is now. `clashes`
 * are the fields that both have changed.
 */
export function rebase(
  draft: PlaceDraft,
  base: PlaceDraft,
  fresh: PlaceDraft,
): { draft: PlaceDraft; clashes: PlaceField[] } {
  const fields = Object.keys(fresh) as PlaceField[];
  const typed = (field: PlaceField): boolean => draft[field]?.trim() !== base[field];
  return {
    draft: Object.fromEntries(fields.map((field) => [field, (typed(field) ? draft : fresh)[field] ?? ""])),
    clashes: fields.filter(
      (field) => typed(field) && fresh[field] !== base[field] && fresh[field] !== draft[field]?.trim(),
    ),
  };
}
