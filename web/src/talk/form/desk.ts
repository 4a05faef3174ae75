import type { Template, TemplateHead } from "../../api/forms";
import type { Language } from "../../i18n/languages";

/** What the advisor's page has for forms, and the guest's has not. */
export interface FormDesk {
  /** For the audit, which learns nothing else of it. */
  readonly note: (what: "opened" | "confirmed") => void;
  /** Something would be lost with the end of the talk. */
  readonly unsaved: (yes: boolean) => void;
  /** Forms that the agency has defined for the desk of this talk. */
  readonly forms: () => Promise<readonly TemplateHead[]>;
  readonly form: (id: string) => Promise<Template>;
  /** In which the guest is written to. */
  readonly language: () => Language;
}
