/** Forms that places of the agency have defined: shapes and calls of docs/protocol.md. */
import { api } from "./client";

/** By language; German always, where there is one at all. */
export type Said = Readonly<Record<string, string>>;

export type FormKind = "text" | "lines" | "date" | "check" | "choice" | "radio";

export interface TemplateField {
  readonly kind: FormKind;
  readonly label: Said;
  readonly help?: Said;
  readonly required: boolean;
  /** Of a choice. */
  readonly options?: readonly Said[];
}

export interface Template {
  readonly title: Said;
  readonly fields: readonly TemplateField[];
}

export interface TemplateHead {
  readonly id: string;
  /** Which has defined it. */
  readonly place: string;
  readonly title: Said;
  /** How many. */
  readonly fields: number;
  readonly version: number;
}

export interface PlaceForm extends TemplateHead {
  readonly placeName: string;
}

export interface PlaceForms {
  readonly forms: readonly PlaceForm[];
  /** The person may define some here. */
  readonly may: boolean;
}

const at = (place: string): string => `/api/staff/places/${encodeURIComponent(place)}/forms`;
const one = (place: string, id: string): string => `${at(place)}/${encodeURIComponent(id)}`;

export const readForms = (place: string): Promise<PlaceForms> => api.get(at(place));
export const readForm = (place: string, id: string): Promise<TemplateHead & { readonly form: Template }> =>
  api
    .get<Omit<TemplateHead, "fields"> & { form: Template }>(one(place, id))
    .then((read) => ({ ...read, fields: read.form.fields.length }));
export const defineForm = (place: string, form: Template): Promise<PlaceForms> =>
  api.post(at(place), { form });
export const changeForm = (place: string, id: string, version: number, form: Template): Promise<PlaceForms> =>
  api.post(one(place, id), { version, form });
export const dropForm = (place: string, { id, version }: TemplateHead): Promise<PlaceForms> =>
  api.delete(`${one(place, id)}?version=${version.toString()}`);

const inTalk = (talk: string): string => `/api/staff/talks/${encodeURIComponent(talk)}/forms`;

/** Those that who leads a talk can open in it. */
export const readTalkForms = (talk: string): Promise<readonly TemplateHead[]> =>
  api.get<{ forms: TemplateHead[] }>(inTalk(talk)).then(({ forms }) => forms);
export const readTalkForm = (talk: string, id: string): Promise<Template> =>
  api.get<{ form: Template }>(`${inTalk(talk)}/${encodeURIComponent(id)}`).then(({ form }) => form);
