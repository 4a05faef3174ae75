import type { HeldRole, Mistake, PersonView, Place } from "../../api/admin";
import type { ApiError } from "../../api/client";
import type { StaffKey } from "../../i18n/staff";
import { dayText, timeText } from "../../i18n/times";
import type { Texts } from "../../ui";
import { sentenceFor } from "../texts";

/** What stands below the name in a list of places. */
export function detailOf({ code, city, department, location }: Place): string {
  return [city, department?.name, location?.name, code].filter(Boolean).join(" · ");
}

/** "Beratung im Team Jugendamt Lindenau" */
export function roleSentence(
  { role, kind, name }: Pick<HeldRole, "role" | "kind" | "name">,
  { t }: Texts<StaffKey>,
): string {
  const where = kind === "location" && role !== "location_admin" ? "teams" : kind;
  const own = name.startsWith(`${t("admin.place", { kind })} `) ? "yes" : "no"; // "am Standort Nord", where that is its name
  return t("admin.held", { role: t(`admin.role.${role}`), where, name, own });
}

/** How somebody signs in, or what they are still waiting for. */
export function signInSentence(person: PersonView, texts: Texts<StaffKey>): string {
  const { t } = texts;
  const { password, factor, invitation } = person;
  if (person.readdressed) return t("admin.person.readdressed");
  if (password) return t(factor ? "admin.person.factor" : "admin.person.password");
  if (!invitation) return t("admin.person.noPassword");
  if (invitation.mail === "queued") return t("admin.person.inviteQueued");
  if (invitation.mail === "failed") return t("admin.person.inviteFailed");
  const { until } = invitation;
  return t("admin.person.invitedUntil", { day: dayText(until, texts), time: timeText(until, texts) });
}

/** What is wrong with a field. */
export function fieldSentence({ code, params }: Mistake, { t }: Texts<StaffKey>): string {
  const own = `admin.wrong.${code}` as StaffKey;
  const sentence = t(own, params);
  return sentence === own ? fileSentence({ code, params }, { t }) : sentence;
}

/** What is wrong with a line of a file. */
export function fileSentence(
  { code, params }: { code: string; params?: Mistake["params"] | undefined },
  { t }: Pick<Texts<StaffKey>, "t">,
): string {
  const key = `import.${code}` as StaffKey;
  const sentence = t(key, params);
  return sentence === key ? t("errors.request.invalid") : sentence;
}

/** The sentence for a refusal of the administration. */
export function refusalSentence(error: ApiError, texts: Texts<StaffKey>): string {
  return sentenceFor(error, texts);
}
