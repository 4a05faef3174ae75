import type { RuleName } from "../../../api/admin";
import type { AuditEntry } from "../../../api/audit";
import type { StaffKey } from "../../../i18n/staff";
import { dayText, timeText } from "../../../i18n/times";
import type { Texts } from "../../../ui";
import { ruleLabels } from "../rules";
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

type Person = { pseudonym: string; name: string } | undefined;

/** Who did it: by name where just this person was looked for. */
export function actorText(entry: AuditEntry, person: Person, { t }: Texts<StaffKey>): string {
  if (entry.actorKind !== "staff") return t(`audit.by.${entry.actorKind}`);
  return named(entry.actor, person) ?? t("audit.by.staff", { id: entry.actor ?? "" });
}

/** What it is about. */
export function aboutText(entry: AuditEntry, person: Person, { t }: Texts<StaffKey>): string {
  if (entry.objectKind === "agency") return t("audit.about.agency");
  return named(entry.object, person) ?? t(`audit.about.${entry.objectKind}`, { id: entry.object });
}

const named = (pseudonym: string | undefined, person: Person): string | undefined =>
  person && pseudonym === person.pseudonym ? person.name : undefined;

/** Numbers with so many digits are moments, by any clock of this century. */
const moment = /^\d{13}$/;

/** The details, each with what it is: "Rolle: Beratung". */
export function detailTexts(
  { act, detail = "" }: AuditEntry,
  person: Person,
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
  return codes.map(([key, value]) => `${word(`audit.detail.${key}`, key)}: ${valueText(key, value)}`);

  function valueText(key: string, value: string): string {
    if (moment.test(value)) return momentText(Number(value), texts);
    if (key === "role") return word(`admin.role.${value}`, value);
    if (key === "outcome") return word(`staff.outcome.${value}`, value);
    if (key === "act") return actText(value, texts);
    if (key === "value" && rule !== undefined) return ruleCode(rule, value, texts);
    if (key === "rule") return word(ruleLabels[value as RuleName] ?? value, value);
    if (value === "true" || value === "false") return t(value === "true" ? "audit.yes" : "audit.no");
    return word(`audit.value.${key}.${value}`, named(value, person) ?? value);
  }
}
