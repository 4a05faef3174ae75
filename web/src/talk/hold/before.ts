import { type Reason, reasonOf } from "./hold";

/** Whether the talk was halted before this page was loaded anew; kept with the page's place in the history. */
export function heldBefore(): Reason | undefined {
  return reasonOf((history.state as { hold?: unknown } | null)?.hold);
}

export function keepHeld(why: Reason | undefined): void {
  history.replaceState(why ? { hold: why } : null, "");
}
