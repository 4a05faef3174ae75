import type { Texts } from "../../ui";
import { loadLook, type LookKey } from "../look/texts";
import Showing from "./Showing.svelte";
import { type DocumentKey, loadDocument } from "./texts";

/** What a guest needs, once its texts have come, too. */
export async function showing(texts: Texts<DocumentKey | LookKey>): Promise<{ default: typeof Showing }> {
  await texts.add(loadDocument);
  await texts.add(loadLook);
  return { default: Showing };
}
