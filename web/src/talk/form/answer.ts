import { type Field, fieldOf, largestForm, mostFields, type Value, valueOf } from "./model";

/** What the sandbox reads in a file: fields with what stands in them already, or why there is no form. */
export type FormRead =
  | { readonly fields: readonly Field[]; readonly values: readonly Value[]; readonly scripted: boolean }
  | { readonly none: "many" | "empty" };

/** Undefined for what is not exactly this: what comes out of the sandbox is believed as little as the file. */
export function formRead(data: unknown): FormRead | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { none, fields, values, scripted } = data as Record<string, unknown>;
  if (none === "many" || none === "empty") return { none };
  if (!Array.isArray(fields) || !Array.isArray(values) || fields.length !== values.length) return undefined;
  if (fields.length === 0 || fields.length > mostFields) return undefined;
  const read: Field[] = [];
  const filled: Value[] = [];
  for (const [at, said] of fields.entries()) {
    const field = fieldOf(said);
    const value = field && valueOf(field, values[at]);
    if (!field || value === undefined) return undefined;
    read.push(field);
    filled.push(value);
  }
  if (JSON.stringify(read).length > largestForm) return { none: "many" };
  return { fields: read, values: filled, scripted: scripted === true };
}
