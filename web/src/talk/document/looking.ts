import type { Texts } from "../../ui";
import { loadLook, type LookKey } from "../look/texts";
import Looking from "./Looking.svelte";
import { type DocumentKey, loadDocument } from "./texts";

/** What an advisor needs, once its texts have come, too. */
export async function looking(texts: Texts<DocumentKey | LookKey>): Promise<{ default: typeof Looking }> {
  await texts.add(loadDocument);
  await texts.add(loadLook);
  return { default: Looking };
}
