import type { Texts } from "../../ui";
import FinerDialog from "./FinerDialog.svelte";
import { type FinerKey, loadFiner } from "./texts";

/** What makes picture and sound finer, once its texts have come, too; what blurs is loaded only when somebody wants it. */
export async function load(texts: Texts<FinerKey>): Promise<{ default: typeof FinerDialog }> {
  await texts.add(loadFiner);
  return { default: FinerDialog };
}
