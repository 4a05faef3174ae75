/** What the advisor's page has for forms, and the guest's has not. */
export interface FormDesk {
  /** For the audit, which learns nothing else of it. */
  readonly note: (what: "opened" | "confirmed") => void;
  /** Something would be lost with the end of the talk. */
  readonly unsaved: (yes: boolean) => void;
}
