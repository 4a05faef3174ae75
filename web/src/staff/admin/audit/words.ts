import type { RuleName } from "../../../api/admin";
import type { AuditEntry } from "../../../api/audit";
import type { StaffKey } from "../../../i18n/staff";
import { dayText, timeText } from "../../../i18n/times";
import type { Texts } from "../../../ui";
import { ruleLabels } from "../rules";
import type { Places } from "./auditDesk.svelte";
import { ruleCode } from "./ruleCode";

/** A kind of entry in words; one that has none is shown as it is. */
export function actText(act: string, { t }: Texts<StaffKey>): string {
  const key = `audit.act.${act}` as StaffKey;
  const words = t(key);
  return words === key ? act : words;
}

/** "Freitag, 27. November, 10:30" */
export function momentText(at: number, texts: Texts<StaffKey>): string {
  return `${dayText(at, texts)} ${new Date(at).getFullYear()}, ${timeText(at, texts)}`;
}

const groups = {
  "sign-in": ["session", "password", "factor", "recovery", "passkey", "identity"],
  people: ["account", "role", "directory"],
  appointments: ["appointment", "link", "message", "notice", "consent"],
  talks: ["takeover", "talk", "document"],
  audit: ["audit", "decided", "retention"],
} as const;

/** What a kind of entry is about, for who looks for one among many. */
export function groupOf(act: string): keyof typeof groups | "places" {
  const area = act.slice(0, act.indexOf("."));
  const found = Object.entries(groups).find(([, areas]) => (areas as readonly string[]).includes(area));
  return (found?.[0] as keyof typeof groups | undefined) ?? "places";
}

/** Who was looked for, and what places are called, by their ids. */
export interface Known {
  readonly person: { pseudonym: string; name: string } | undefined;
  readonly places: Places;
}

/** Who did it: by name where just this person was looked for. */
export function actorText(entry: AuditEntry, { person }: Known, { t }: Texts<StaffKey>): string {
  if (entry.actorKind !== "staff") return t(`audit.by.${entry.actorKind}`);
  return named(entry.actor, person) ?? t("audit.by.staff", { id: entry.actor ?? "" });
}

/** What it is about. */
export function aboutText({ objectKind, object }: AuditEntry, known: Known, texts: Texts<StaffKey>): string {
  const { t } = texts;
  if (objectKind === "agency") return t("audit.about.agency");
  if (objectKind === "place") return placeText(object, known, texts);
  return named(object, known.person) ?? t(`audit.about.${objectKind}`, { id: object });
}

/** "Standort Nord", and not "Standort Standort Nord" where that is its name. */
function placeText(id: string, { places }: Known, { t }: Texts<StaffKey>): string {
  const place = places[id];
  if (!place) return t("audit.about.place", { id });
  const { kind, name } = place;
  const whole = t("audit.place", { kind, name });
  return whole.endsWith(` ${name}`) && name.startsWith(whole.slice(0, -name.length)) ? name : whole;
}

const named = (pseudonym: string | undefined, person: Known["person"]): string | undefined =>
  person && pseudonym === person.pseudonym ? person.name : undefined;

const pseudonym = /^[0-9a-f]{32}$/;
/** Numbers with so many digits are moments, by any clock of this century. */
const moment = /^\d{13}$/;

/** The details, each with what it is: "Rolle: Beratung". */
export function detailTexts(
  { act, detail = "" }: AuditEntry,
  known: Known,
  texts: Texts<StaffKey>,
): string[] {
  const { t } = texts;
  const word = (key: string, otherwise: string): string => {
    const words = t(key as StaffKey);
    return words === key ? otherwise : words;
  };
  const codes = detail
    .split(" ")
    .filter(Boolean)
    .map((code) => [code.slice(0, code.indexOf("=")), code.slice(code.indexOf("=") + 1)] as const);
  const rule = codes.find(([key]) => key === "rule")?.[1];
  // A code that says nothing is left out, and "on every day" is one.
  if (act === "rule.decided" && !codes.some(([key]) => key === "value")) codes.push(["value", ""]);
  const label = (key: string): string => word(`audit.detail.${act}.${key}`, word(`audit.detail.${key}`, key));
  return codes.map(([key, value]) => `${label(key)}: ${valueText(key, value)}`);

  function valueText(key: string, value: string): string {
    if (moment.test(value)) return momentText(Number(value), texts);
    if (key === "role") return word(`admin.role.${value}`, value);
    if (key === "outcome") return word(`staff.outcome.${value}`, value);
    if (key === "place") return placeText(value, known, texts);
    if (key === "desk") return known.places[value]?.name ?? t("audit.about.place", { id: value });
    if (pseudonym.test(value)) return named(value, known.person) ?? t("audit.by.staff", { id: value });
    if (key === "act") return actText(value, texts);
    if (key === "value" && rule !== undefined) return ruleCode(rule, value, texts);
    if (key === "rule") return word(ruleLabels[value as RuleName] ?? value, value);
    if (value === "true" || value === "false") return t(value === "true" ? "audit.yes" : "audit.no");
    return word(`audit.value.${key}.${value}`, named(value, known.person) ?? value);
  }
}
