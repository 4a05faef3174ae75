import { isId } from "../files/words";

type Kept = { form?: unknown } | null;

/** The form that was open before this page was loaded anew; its name only, kept with the page's place in the history. */
export function formBefore(): string | undefined {
  const id = (history.state as Kept)?.form;
  return isId(id) ? id : undefined;
}

export function keepForm(id: string | undefined): void {
  history.replaceState({ ...(history.state as Kept), form: id }, "");
}
