import { getContext, setContext } from "svelte";
import type { Call } from "../call/call";
import type { ChatMessage } from "../call/state";
import { Store } from "../call/store";

/** One more person with whom the page of who leads a talk is connected. */
export interface Member {
  /** The talk with them. */
  readonly talk: string;
  readonly name: string;
  readonly call: Pick<Call, "attend" | "tell" | "subscribe">;
  /** Asked out for a moment: they read nothing, and what they write is for who leads the talk alone. */
  readonly apart: boolean;
}

/** What a talk of several has on the page of who leads it, beside the call with the citizen. */
export class Circle {
  readonly members = new Store<readonly Member[]>([]);
  /** What the citizen's company has written; what the others have stands in the call itself. */
  readonly chat = new Store<readonly ChatMessage[]>([]);
}

const key = "circle";

export function provideCircle(): Circle {
  return setContext(key, new Circle());
}

/** Undefined on a guest's page. */
export function useCircle(): Circle | undefined {
  return getContext<Circle | undefined>(key);
}
