import type { HeldRole, Mistake, Place } from "../../api/admin";
import type { ApiError } from "../../api/client";
import type { StaffKey } from "../../i18n/staff";
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
  return t("admin.held", { role: t(`admin.role.${role}`), where, name });
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
