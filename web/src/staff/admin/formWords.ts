import type { FormKind } from "../../api/forms";
import type { StaffKey } from "../../i18n/staff";
import type { Texts } from "../../ui";

const kinds: Record<FormKind, StaffKey> = {
  text: "admin.forms.kind.text",
  lines: "admin.forms.kind.lines",
  date: "admin.forms.kind.date",
  check: "admin.forms.kind.check",
  choice: "admin.forms.kind.choice",
  radio: "admin.forms.kind.radio",
};

export function kindLabel(kind: FormKind, { t }: Texts<StaffKey>): string {
  return t(kinds[kind]);
}

/** What is wrong with a form, as the page or the server has found. */
export function wrongSentence(what: string, { t }: Texts<StaffKey>): string {
  const own = `admin.forms.wrong.${what}` as StaffKey;
  const sentence = t(own);
  return sentence === own ? t("errors.template.invalid") : sentence;
}
