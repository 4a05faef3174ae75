import type { RuleName, RuleTakes } from "../../../api/admin";
import type { StaffKey } from "../../../i18n/staff";
import type { Texts } from "../../../ui";
import { ruleValue } from "../rules";

/** What the codes of a rule stand for: the audit holds no value that anybody has typed. */
const kinds: Readonly<Record<RuleName, RuleTakes["kind"]>> = {
  "waiting.early": "number",
  "waiting.late": "number",
  "offered.from": "day",
  "contact.phone": "dial",
  "contact.hours": "words",
  languages: "some",
  doors: "some",
  "code.compared": "one",
  welcome: "words",
  reminders: "some",
  "talk.chat": "switch",
  "talk.screen": "switch",
  "talk.files": "switch",
  "talk.document": "switch",
  "talk.form": "switch",
  "talk.company": "switch",
  "talk.scan": "switch",
  "waiting.messages": "switch",
  "survey.asked": "switch",
  "survey.line": "switch",
  logo: "picture",
  "legal.basis": "one",
  "legal.notice": "words",
  "legal.consent": "words",
  "kept.appointments": "number",
  "kept.accounts": "number",
  "kept.audit": "number",
  "signin.factor": "one",
  "signin.password": "one",
};

const isRule = (name: string): name is RuleName => name in kinds;

/** What a rule was to be, as the rules page says it; of what was typed, by which fingerprint it is known. */
export function ruleCode(name: string, code: string, texts: Texts<StaffKey>): string {
  if (code === "above") return texts.t("admin.approvals.leave");
  if (!isRule(name)) return code;
  const takes = { kind: kinds[name] };
  if (takes.kind === "dial" || takes.kind === "words") return texts.t("audit.value.typed", { code });
  const several = code === "none" ? [] : code.split(".");
  const value = takes.kind === "number" ? Number(code) : takes.kind === "some" ? several : code;
  return ruleValue({ rule: name, value, takes }, texts);
}
