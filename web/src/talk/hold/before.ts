import { type Reason, reasonOf } from "./hold";

type Kept = { hold?: unknown } | null;

/** Whether the talk was halted before this page was loaded anew; kept with the page's place in the history. */
export function heldBefore(): Reason | undefined {
  return reasonOf((history.state as Kept)?.hold);
}

export function keepHeld(why: Reason | undefined): void {
  history.replaceState({ ...(history.state as Kept), hold: why }, "");
}
