import type { Texts } from "../../ui";
import Linked from "./Linked.svelte";
import { type LinksKey, loadLinks } from "./texts";

/** Shows a text with addresses in it, once its own texts have come, too. */
export async function load(texts: Texts<LinksKey>): Promise<typeof Linked> {
  await texts.add(loadLinks);
  return Linked;
}
