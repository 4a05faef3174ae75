import { isId } from "../files/words";

type Kept = { form?: unknown; own?: unknown } | null;

/** The form that was open before this page was loaded anew; its name only, kept with the page's place in the history. */
export function formBefore(): string | undefined {
  const id = (history.state as Kept)?.form;
  return isId(id) ? id : undefined;
}

/** Where it is one that the agency has defined: its id there. */
export function ownBefore(): string | undefined {
  const { form, own } = (history.state as Kept) ?? {};
  return isId(form) && isId(own) ? own : undefined;
}

/** Without `own` that stays what it was, as long as there is a form. */
export function keepForm(id: string | undefined, own = ownBefore()): void {
  history.replaceState({ ...(history.state as Kept), form: id, own: id && own }, "");
}
