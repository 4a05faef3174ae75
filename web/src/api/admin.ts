/** What the admin pages ask: shapes and calls of docs/protocol.md, "Administration". */
import type { Language } from "../i18n/languages";
import { api, type ApiError, call } from "./client";
import type { Logo, Role } from "./types";
import { upload } from "./upload";

export type PlaceKind = "department" | "location" | "desk" | "service";
export type Level = "agency" | PlaceKind;
type Act = "see-offices" | "arrange" | "decide" | "employ";

interface Named {
  readonly id: string;
  readonly name: string;
}

/** One line of a list of places. */
export interface Place {
  readonly kind: Level;
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly city?: string;
  readonly department?: Named;
  readonly location?: Named;
  readonly closed: boolean;
}

export interface PlaceView extends Place {
  readonly nameEn?: string;
  readonly phone?: string;
  readonly minutes?: number;
  /** Closed by itself, and not only with what it lies in. */
  readonly shut: boolean;
  readonly version?: string;
  readonly below: {
    readonly departments?: number;
    readonly locations?: number;
    readonly desks: number;
    readonly services?: number;
    readonly people: number;
  };
  readonly may: readonly Act[];
  readonly mayShut: boolean;
  readonly gives: readonly Role[];
}

/** What can be said of a place; what is left out stays. */
export interface PlaceChange {
  name?: string;
  nameEn?: string;
  city?: string;
  phone?: string;
  location?: string;
  minutes?: number;
  shut?: boolean;
}

export interface NewPlace extends PlaceChange {
  kind: PlaceKind;
  code: string;
  department?: string;
}

/** Why something is refused: of a form, `params.column` names the field as files do. */
export interface Mistake {
  readonly file: string;
  /** What the table is about, where the file is one. */
  readonly kind?: FileKind;
  readonly line: number;
  readonly code: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** A part of a list; without `next` it is the last. */
export interface Part<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export async function searchPlaces(
  look: { kind: PlaceKind; text?: string; below?: string; after?: string },
  signal?: AbortSignal,
): Promise<Part<Place>> {
  const query = new URLSearchParams(Object.entries(look).filter(([, value]) => value));
  const { places, next } = await api.get<{ places: Place[]; next?: string }>(
    `/api/staff/places?${query.toString()}`,
    signal && { signal },
  );
  return { items: places, ...(next ? { next } : {}) };
}

const placeAt = (id: string): string => `/api/staff/places/${encodeURIComponent(id)}`;

export const readPlace = (id: string): Promise<PlaceView> => api.get(placeAt(id));
export const createPlace = (place: NewPlace): Promise<PlaceView> => api.post("/api/staff/places", place);
export const changePlace = (id: string, version: string, change: PlaceChange): Promise<PlaceView> =>
  api.post(placeAt(id), { version, ...change });

/** What a refused form names. */
export function mistakesOf(error: ApiError): readonly Mistake[] {
  return (error.details as { mistakes?: Mistake[] } | undefined)?.mistakes ?? [];
}

export interface HeldRole {
  readonly role: Role;
  readonly kind: "agency" | "department" | "location" | "desk";
  readonly place: string;
  readonly name: string;
  /** Who gave it: hand, import and substitute are taken back by who may give the role. */
  readonly source: "hand" | "import" | "claim" | "scim" | "substitute";
  readonly until?: number;
  /** Of one person, not in a list: who asks may take it back. */
  readonly mayTake?: boolean;
}

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly disabled: boolean;
  /** One is set. */
  readonly password: boolean;
  readonly roles: readonly HeldRole[];
}

export interface NamedSubstitute {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Of the desk. */
  readonly place: string;
  readonly desk: string;
  readonly until: number;
}

export interface PersonView extends Account {
  readonly version: string;
  /** Rename, disable, enable and invite. */
  readonly may: boolean;
  /** Signs in with more than a password: an app or a passkey. */
  readonly factor: boolean;
  /** By the directory, and nobody has shown since that the address is theirs: who has forgotten the password gets no link. */
  readonly readdressed?: boolean;
  /** Keys to the directory that the person has made, and that count; told whoever may revoke them. */
  readonly keys?: number;
  /** Substitutes whom the person has named: they go on when the person leaves. */
  readonly named?: readonly NamedSubstitute[];
  /** The link to set a password that is valid. */
  readonly invitation?: { readonly until: number; readonly mail: "queued" | "sent" | "failed" };
}

export interface PeopleSearch {
  text?: string;
  place?: string;
  role?: string;
  state?: string;
  after?: string;
}

export interface RoleAt {
  role: Role;
  place: string;
}

/** Names of people stand in no address. */
export async function searchPeople(look: PeopleSearch, signal?: AbortSignal): Promise<Part<Account>> {
  const said = Object.fromEntries(Object.entries(look).filter(([, value]) => value));
  const { people, next } = await api.post<{ people: Account[]; next?: string }>(
    "/api/staff/people/search",
    said,
    signal && { signal },
  );
  return { items: people, ...(next ? { next } : {}) };
}

const personAt = (id: string): string => `/api/staff/people/${encodeURIComponent(id)}`;

export const readPerson = (id: string): Promise<PersonView> => api.get(personAt(id));
export const createPerson = (
  person: { email: string; name: string; roles: RoleAt[]; invite: boolean },
  language: Language,
): Promise<PersonView> => api.post(`/api/staff/people?language=${language}`, person);
/** The mail is in the language of who asks for it. */
export const invitePerson = (id: string, language: Language): Promise<PersonView> =>
  api.post(`${personAt(id)}/invite?language=${language}`);
/** All whom a search finds who have neither password nor invitation; `trial` only counts them. */
export const inviteMany = async (
  look: { text: string; place: string; role: string },
  trial: boolean,
  language: Language,
): Promise<number> => {
  const said = Object.fromEntries(Object.entries(look).filter(([, value]) => value));
  const { count } = await api.post<{ count: number }>(`/api/staff/people/invite?language=${language}`, {
    ...said,
    trial,
  });
  return count;
};
export const changePerson = (
  id: string,
  version: string,
  change: { name?: string; disabled?: boolean },
): Promise<PersonView> => api.post(personAt(id), { version, ...change });
export const resetFactor = (id: string): Promise<PersonView> => api.post(`${personAt(id)}/factor/reset`);
export const giveRole = (id: string, { role, place }: RoleAt): Promise<PersonView> =>
  api.post(`${personAt(id)}/roles`, { role, place });
export const takeRole = (id: string, { role, place }: RoleAt): Promise<PersonView> =>
  api.delete(`${personAt(id)}/roles/${role}/${encodeURIComponent(place)}`);

export type FileKind = "departments" | "locations" | "desks" | "services" | "staff" | "roles";
type Done = "new" | "changed" | "closed" | "reopened";

export interface Change {
  readonly kind: FileKind;
  /** Its code or e-mail; of a role: e-mail, role, level and code of the place. */
  readonly key: readonly string[];
  readonly what: Done;
  readonly line: number;
  readonly fields: readonly { readonly name: string; readonly from: string; readonly to: string }[] | null;
}

export interface Imported {
  readonly trial: boolean;
  readonly counts: Readonly<Partial<Record<FileKind, Readonly<Partial<Record<Done, number>>>>>>;
  readonly changes: readonly Change[] | null;
  /** Changes that are not in the list. */
  readonly more: number;
}

/** The server gives itself two minutes. */
const importMs = 150_000;

/** With `trial` the server only tells what would change. */
export async function importFiles(files: readonly File[], trial: boolean): Promise<Imported> {
  const form = new FormData();
  for (const file of files) form.append("file", file);
  return upload<Imported>(`/api/staff/import?trial=${trial}`, form, importMs);
}

export const exportPath = (format: "csv" | "json"): string => `/api/staff/export?format=${format}`;

export type RuleName =
  | "waiting.early"
  | "waiting.late"
  | "offered.from"
  | "contact.phone"
  | "contact.hours"
  | "languages"
  | "doors"
  | "code.compared"
  | "welcome"
  | "reminders"
  | "talk.chat"
  | "talk.screen"
  | "talk.files"
  | "talk.document"
  | "talk.form"
  | "talk.company"
  | "talk.scan"
  | "waiting.messages"
  | "survey.asked"
  | "survey.line"
  | "logo"
  | "legal.basis"
  | "legal.notice"
  | "legal.consent"
  | "kept.appointments"
  | "kept.accounts"
  | "kept.audit"
  | "signin.factor"
  | "signin.password";

/** Of texts: by language. */
export type RuleValue = number | string | readonly string[] | Readonly<Record<string, string>>;

/** What a rule takes. */
export interface RuleTakes {
  readonly kind: "number" | "day" | "switch" | "one" | "some" | "dial" | "words" | "picture";
  /** The smallest number. */
  readonly least?: number;
  /** Of a number. */
  readonly unit?: "minutes" | "days";
  /** The largest number; of texts, the most characters in each language; of pictures, the most bytes. */
  readonly most?: number;
  /** What can be chosen; of texts, the languages. */
  readonly of?: readonly string[];
  /** The text may have several. */
  readonly lines?: boolean;
  /** Of the list, nothing may be chosen, too. */
  readonly none?: boolean;
}

/** What rules are about. */
export type RuleGroup = "meetings" | "features" | "contact" | "wording" | "security" | "kept";

export interface RuleView {
  readonly rule: RuleName;
  /** Those of a group follow each other. */
  readonly group: RuleGroup;
  readonly value: RuleValue;
  /** Of the place that has decided; none: nobody has. */
  readonly kind?: Level;
  readonly place?: string;
  readonly placeName?: string;
  /** This place has, and can leave it to others again. */
  readonly decided: boolean;
  /** This place has, which does not count as long as a place above decides for all. */
  readonly overruled?: boolean;
  readonly fixed: boolean;
  readonly mayDecide: boolean;
  /** It can be decided here for all below. */
  readonly fixable: boolean;
  readonly takes: RuleTakes;
  /** For some services something is decided that counts there instead. */
  readonly beside?: boolean;
  /** How a page shows it. */
  readonly picture?: Logo;
  /** Of a legal text: as it is where nobody has written one. */
  readonly comes?: Readonly<Record<string, string>>;
  /** A change holds only once a second person has agreed. */
  readonly needsTwo?: boolean;
  /** One that waits for that. */
  readonly asked?: {
    readonly approval: string;
    /** null: it is left to those above again. */
    readonly value: RuleValue | null;
    readonly leave: boolean;
    readonly askedBy: string;
    readonly askedAt: number;
    readonly untilAt: number;
    readonly mine: boolean;
    readonly mayDecide: boolean;
  };
}

type Rules = Promise<readonly RuleView[]>;
const rulesAt = (place: string): string => `${placeAt(place)}/rules`;
const listed = ({ rules }: { rules: RuleView[] }): readonly RuleView[] => rules;

export const readRules = (place: string): Rules =>
  api.get<{ rules: RuleView[] }>(rulesAt(place)).then(listed);
export const decideRule = (place: string, rule: RuleName, value: RuleValue, fixed: boolean): Rules =>
  call<{ rules: RuleView[] }>("PUT", `${rulesAt(place)}/${rule}`, { value, fixed }).then(listed);
export const resetRule = (place: string, rule: RuleName): Rules =>
  api.delete<{ rules: RuleView[] }>(`${rulesAt(place)}/${rule}`).then(listed);
