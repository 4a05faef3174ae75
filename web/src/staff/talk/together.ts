import type { ChatMessage } from "../../call/state";

/** All that was written, in the order in which it came; a guest's page cannot say who somebody else is. */
export function together(own: readonly ChatMessage[], extra: readonly ChatMessage[]): readonly ChatMessage[] {
  const main = own.map(({ by: _, ...message }) => message);
  const others = extra.filter(({ id }) => !own.some((message) => message.id === id));
  return others.length === 0 ? main : [...main, ...others].sort((one, two) => one.at - two.at);
}
