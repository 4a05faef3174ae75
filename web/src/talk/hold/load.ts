import type { Texts } from "../../ui";
import HeldTalk from "./HeldTalk.svelte";
import HoldTalk from "./HoldTalk.svelte";
import { type HoldKey, loadHold } from "./texts";

/** A talk of several comes in the same file: it is as seldom, and then often halted. */
export { load as company } from "../company/load";

/** What halts the talk, for who leads it; for the guest what says that it is halted. Once the texts have come, too. */
export async function load(texts: Texts<HoldKey>, leads: boolean): Promise<{ default: typeof HoldTalk }> {
  await texts.add(loadHold);
  return { default: leads ? HoldTalk : HeldTalk };
}
