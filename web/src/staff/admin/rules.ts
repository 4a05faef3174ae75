import type { RuleGroup, RuleName, RuleValue, RuleView } from "../../api/admin";
import { languages } from "../../i18n/languages";
import type { StaffKey } from "../../i18n/staff";
import { dayText } from "../../i18n/times";
import type { Texts } from "../../ui";

export const ruleLabels: Readonly<Record<RuleName, StaffKey>> = {
  "waiting.early": "admin.rule.early",
  "waiting.late": "admin.rule.late",
  "offered.from": "admin.rule.offered",
  "signin.factor": "admin.rule.factor",
  "contact.phone": "admin.rule.phone",
  "contact.hours": "admin.rule.hours",
  languages: "admin.rule.languages",
  "signin.password": "admin.rule.password",
  doors: "admin.rule.doors",
  "code.compared": "admin.rule.code",
  welcome: "admin.rule.welcome",
  reminders: "admin.rule.reminders",
  "talk.chat": "admin.rule.chat",
  "talk.screen": "admin.rule.screen",
  "talk.files": "admin.rule.files",
  "talk.document": "admin.rule.document",
  "talk.form": "admin.rule.form",
  "talk.company": "admin.rule.company",
  "talk.scan": "admin.rule.scan",
  "waiting.messages": "admin.rule.messages",
  "survey.asked": "admin.rule.survey",
  "survey.line": "admin.rule.surveyLine",
  logo: "admin.rule.logo",
  "legal.basis": "admin.rule.basis",
  "legal.notice": "admin.rule.notice",
  "legal.consent": "admin.rule.consent",
  "kept.appointments": "admin.rule.keptAppointments",
  "kept.accounts": "admin.rule.keptAccounts",
  "kept.audit": "admin.rule.keptAudit",
};

export const groupLabels: Readonly<Record<RuleGroup, StaffKey>> = {
  meetings: "admin.rules.meetings",
  features: "admin.rules.features",
  contact: "admin.rules.contact",
  wording: "admin.rules.wording",
  security: "admin.rules.security",
  kept: "admin.rules.kept",
};

/** Rules as they come, those of a group together. */
export function grouped(
  rules: readonly RuleView[],
): readonly { readonly group: RuleGroup; readonly rules: readonly RuleView[] }[] {
  const groups = [...new Set(rules.map(({ group }) => group))];
  return groups.map((group) => ({ group, rules: rules.filter((rule) => rule.group === group) }));
}

/** What a switch does not do. */
export const switchHints: Partial<Record<RuleName, StaffKey>> = {
  "talk.chat": "admin.rule.chat.hint",
  "talk.screen": "admin.rule.screen.hint",
  "talk.files": "admin.rule.files.hint",
  "talk.document": "admin.rule.document.hint",
  "talk.form": "admin.rule.form.hint",
  "talk.company": "admin.rule.company.hint",
  "talk.scan": "admin.rule.scan.hint",
  "waiting.messages": "admin.rule.messages.hint",
  "survey.asked": "admin.rule.survey.hint",
  "survey.line": "admin.rule.surveyLine.hint",
};

const counted: Partial<Record<RuleName, StaffKey>> = {
  "waiting.early": "admin.rule.early.value",
  "waiting.late": "admin.rule.late.value",
  "kept.appointments": "admin.rule.keptAppointments.value",
  "kept.accounts": "admin.rule.keptAccounts.value",
  "kept.audit": "admin.rule.keptAudit.value",
};

/** What can be chosen, in words; a language has its own. */
const choices: Readonly<Record<string, StaffKey>> = {
  "signin.factor.optional": "admin.rule.factor.optional",
  "signin.factor.demanded": "admin.rule.factor.demanded",
  "signin.password.everyone": "admin.rule.password.everyone",
  "signin.password.without_provider": "admin.rule.password.withoutProvider",
  "doors.link": "admin.rule.doors.link",
  "doors.callback": "admin.rule.doors.callback",
  "code.compared.advised": "admin.rule.code.advised",
  "code.compared.required": "admin.rule.code.required",
  "reminders.week": "admin.rule.reminders.week",
  "reminders.three_days": "admin.rule.reminders.threeDays",
  "reminders.day": "admin.rule.reminders.day",
  "reminders.two_hours": "admin.rule.reminders.twoHours",
  "legal.basis.notice": "admin.rule.basis.notice",
  "legal.basis.consent": "admin.rule.basis.consent",
};

export function choiceLabel(rule: RuleName, choice: string, { t }: Texts<StaffKey>): string {
  const key = choices[`${rule}.${choice}`];
  return key ? t(key) : (languages.find(({ tag }) => tag === choice)?.name ?? choice);
}

const isList = (value: RuleValue): value is readonly string[] => Array.isArray(value);

/** "10 Minuten vor Beginn", "ab Dienstag, 1. Dezember" */
export function ruleValue(
  { rule, value, takes }: Pick<RuleView, "rule" | "value" | "takes">,
  texts: Texts<StaffKey>,
): string {
  const { t } = texts;
  if (isList(value) && value.length === 0) return t("admin.rule.noneOf");
  if (isList(value)) return value.map((choice) => choiceLabel(rule, choice, texts)).join(", ");
  if (typeof value === "object") {
    const none = t(rule.startsWith("legal.") ? "admin.rule.asItComes" : "admin.rule.none");
    return value[texts.language] ?? Object.values(value)[0] ?? none;
  }
  if (typeof value === "number") {
    const key = counted[rule];
    return key ? t(key, { n: value }) : String(value);
  }
  if (takes.kind === "switch" && (value === "on" || value === "off")) return t(`admin.rule.switch.${value}`);
  if (takes.kind === "day" || takes.kind === "switch") return dayValue(value, texts);
  if (takes.kind === "one") return choiceLabel(rule, value, texts);
  if (takes.kind === "picture") return t(value === "" ? "admin.rule.logo.none" : "admin.rule.logo.own");
  return value === "" ? t("admin.rule.none") : value;
}

/** What guests read, in each language that there is; nothing for what is no legal text. */
export function legalTexts({ value, comes }: Pick<RuleView, "value" | "comes">): {
  own: boolean;
  said: { tag: string; name: string; text: string }[];
} {
  const written = typeof value === "object" && !isList(value) ? value : {};
  const own = Object.keys(written).length > 0;
  const counts = comes === undefined ? {} : own ? written : comes;
  const said = languages.flatMap(({ tag, name }) => {
    const text = counts[tag];
    return text ? [{ tag, name, text }] : [];
  });
  return { own, said };
}

function dayValue(value: string, { t, language }: Texts<StaffKey>): string {
  if (value === "") return t("admin.rule.offered.always");
  if (value === "never") return t("admin.rule.offered.never");
  const noon = new Date(`${value}T12:00:00Z`);
  const date = `${dayText(noon.getTime(), { language, zone: "UTC" })} ${noon.getUTCFullYear()}`;
  return t("admin.rule.offered.from", { date });
}

/** Where a value comes from, whether it holds for all below, and whether all that is booked here keeps to it. */
export function ruleOrigin(
  { kind, place, placeName, decided, fixed, overruled, beside }: RuleView,
  here: string,
  { t }: Texts<StaffKey>,
): string {
  const hereBy = decided ? t("admin.rule.from.here") : t("admin.rule.from.details");
  const from = !place
    ? t("admin.rule.from.none")
    : place === here
      ? hereBy
      : t("admin.rule.from.above", { place: placeName ?? "" });
  const held = fixed ? `${from}, ${t("admin.rule.fixed", { kind: kind ?? "" })}` : from;
  const added = [overruled && t("admin.rule.overruled"), beside && t("admin.rule.beside")];
  return [held, ...added].filter(Boolean).join("; ");
}
