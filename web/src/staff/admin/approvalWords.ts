import type { Approval, Hindrance } from "../../api/approvals";
import type { StaffKey } from "../../i18n/staff";
import { dayText, timeText } from "../../i18n/times";
import type { Texts } from "../../ui";
import { ruleLabels, ruleValue } from "./rules";

type Said = Texts<StaffKey>;

/** A rule takes a number here: nothing else needs two people. */
const takes = { kind: "number" } as const;

/** "Aufbewahrung von Terminen: 30 Tage nach dem Ende" */
export function whatText({ act, change }: Pick<Approval, "act" | "change">, texts: Said): string {
  const { t } = texts;
  if (!change) return t(act === "agency.delete" ? "admin.approvals.delete" : "admin.approvals.key");
  const { rule, value, leave } = change;
  const to = leave || value === null ? t("admin.approvals.leave") : ruleValue({ rule, value, takes }, texts);
  return t("admin.approvals.change", { rule: t(ruleLabels[rule]), value: to });
}

/** What follows from it, in full sentences. */
export function whyText({ act, change }: Pick<Approval, "act" | "change">, texts: Said): string {
  const { t } = texts;
  if (!change) return t(act === "agency.delete" ? "admin.approvals.delete.text" : "admin.approvals.key.text");
  const { rule, kind, placeName, now, value, leave, fixed } = change;
  const sentences = [
    t("admin.approvals.at", { kind, place: placeName }),
    t("admin.approvals.now", { value: ruleValue({ rule, value: now, takes }, texts) }),
  ];
  if (fixed) sentences.push(t("admin.approvals.fixed"));
  if (leave || Number(value) < Number(now)) sentences.push(t("admin.approvals.shorter"));
  return sentences.join(" ");
}

const moment = (at: number, texts: Said): string =>
  texts.t("admin.approvals.moment", { date: dayText(at, texts), time: timeText(at, texts) });

/** Who asked, when, and until when somebody can agree. */
export function askedText({ askedBy: name, askedAt, untilAt, mine }: Approval, texts: Said): string {
  const [when, until] = [moment(askedAt, texts), moment(untilAt, texts)];
  return texts.t(mine ? "admin.approvals.askedMine" : "admin.approvals.asked", { name, when, until });
}

/** Who has agreed to what, and until when that can be taken back. */
export function agreedText(one: Approval, texts: Said): string {
  const { t } = texts;
  const when = moment(one.askedAt, texts);
  const until = moment(one.untilAt, texts);
  return [
    one.mine
      ? t("admin.approvals.agreedMine", { when })
      : t("admin.approvals.agreedOf", { name: one.askedBy, when }),
    becameText(one, texts),
    t(one.mine ? "admin.approvals.untilMine" : "admin.approvals.until", { until }),
  ].join(" ");
}

/** Less than a day before it lapses nobody can be expected to come back for it. */
const enoughMs = 24 * 60 * 60 * 1_000;

/** Why this person cannot agree, and what can be done about it. */
export function hinderedText(
  { askedBy: name, untilAt }: Approval,
  { code, fromAt, othersMay = false }: Hindrance,
  texts: Said,
): string {
  const { t } = texts;
  if (fromAt === undefined) return t(`errors.${code}`);
  const when = moment(fromAt, texts);
  const inTime = fromAt + enoughMs < untilAt;
  return [
    t(code === "approval.new" ? "admin.approvals.new" : "admin.approvals.hand", { name }),
    inTime ? t("admin.approvals.from", { when }) : t("admin.approvals.never"),
    ...(othersMay
      ? [t("admin.approvals.other")]
      : inTime
        ? []
        : [t("admin.approvals.again", { name, when })]),
  ].join(" ");
}

/** What became of it. */
export function becameText(one: Approval, texts: Said): string {
  const { t } = texts;
  const { act, decidedBy: name = "", decidedAt, allowed, takenBack, mine, untilAt, usedAt, mayEnd } = one;
  if (decidedAt === undefined) return t("admin.approvals.late", { when: moment(untilAt, texts) });
  const when = moment(decidedAt, texts);
  if (takenBack)
    return t(mine ? "admin.approvals.takenBackMine" : "admin.approvals.takenBack", { name, when });
  if (!allowed) return t("admin.approvals.refused", { name, when });
  const agreed = t("admin.approvals.allowed", { name, when });
  if (usedAt !== undefined) return `${agreed} ${t("admin.approvals.used", { when: moment(usedAt, texts) })}`;
  const lapsed = act === "agency.key" && !mayEnd;
  return lapsed ? `${agreed} ${t("admin.approvals.unused", { when: moment(untilAt, texts) })}` : agreed;
}

/** What somebody has just done about it. */
export function doneText({ mine, mayEnd }: Approval, allow: boolean): StaffKey {
  if (allow) return "admin.approvals.done.allowed";
  if (mine) return "admin.approvals.done.back";
  return mayEnd ? "admin.approvals.done.ended" : "admin.approvals.done.refused";
}
