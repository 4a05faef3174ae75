import type { Texts } from "../../ui";
import GuestPanel from "./GuestPanel.svelte";
import { type FormKey, loadForm } from "./texts";

/** What a guest needs, once its texts have come, too. */
export async function filling(texts: Texts<FormKey>): Promise<{ default: typeof GuestPanel }> {
  await texts.add(loadForm);
  return { default: GuestPanel };
}
