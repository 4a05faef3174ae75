import type { RuleName, RuleView } from "../../api/admin";
import type { StaffKey } from "../../i18n/staff";
import { dayText } from "../../i18n/times";
import type { Texts } from "../../ui";

export const ruleLabels: Readonly<Record<RuleName, StaffKey>> = {
  "waiting.early": "admin.rule.early",
  "waiting.late": "admin.rule.late",
  "offered.from": "admin.rule.offered",
  "signin.factor": "admin.rule.factor",
  "signin.password": "admin.rule.password",
};

/** How many minutes a rule takes at most; undefined: it takes a day. */
export function mostMinutes(rule: RuleName): number | undefined {
  const most: Partial<Record<RuleName, number>> = { "waiting.early": 240, "waiting.late": 1440 };
  return most[rule];
}

/** What a rule can say that takes one of a few words; none: it takes something else. */
export function wordsOf(rule: RuleName): Readonly<Record<string, StaffKey>> | undefined {
  const words: Readonly<Record<string, Readonly<Record<string, StaffKey>>>> = {
    "signin.factor": {
      optional: "admin.rule.factor.optional",
      demanded: "admin.rule.factor.demanded",
    },
    "signin.password": {
      everyone: "admin.rule.password.everyone",
      without_provider: "admin.rule.password.withoutProvider",
    },
  };
  return words[rule];
}

/** "10 Minuten vor Beginn", "ab Dienstag, 1. Dezember" */
export function ruleValue({ rule, value }: Pick<RuleView, "rule" | "value">, texts: Texts<StaffKey>): string {
  const { t } = texts;
  if (value === null) return t("admin.rule.own");
  if (rule === "waiting.early") return t("admin.rule.early.value", { n: Number(value) });
  if (rule === "waiting.late") return t("admin.rule.late.value", { n: Number(value) });
  const word = wordsOf(rule)?.[`${value}`];
  if (word) return t(word);
  if (value === "") return t("admin.rule.offered.always");
  if (value === "never") return t("admin.rule.offered.never");
  const noon = new Date(`${value}T12:00:00Z`);
  const date = `${dayText(noon.getTime(), { language: texts.language, zone: "UTC" })} ${noon.getUTCFullYear()}`;
  return t("admin.rule.offered.from", { date });
}

/** Where a value comes from, and whether it holds for all below. */
export function ruleOrigin(
  { place, placeName, fixed }: RuleView,
  here: string,
  { t }: Texts<StaffKey>,
): string {
  const from = !place
    ? t("admin.rule.from.none")
    : place === here
      ? t("admin.rule.from.here")
      : t("admin.rule.from.above", { place: placeName ?? "" });
  return fixed ? `${from}, ${t("admin.rule.fixed")}` : from;
}
