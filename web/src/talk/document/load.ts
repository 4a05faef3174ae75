import type { Texts } from "../../ui";
import { loadLook, type LookKey } from "../look/texts";
import type Looking from "./Looking.svelte";
import type Showing from "./Showing.svelte";
import { type DocumentKey, loadDocument } from "./texts";

/** What a guest needs, once its texts have come, too. */
export async function showing(texts: Texts<DocumentKey | LookKey>): Promise<{ default: typeof Showing }> {
  const [part] = await Promise.all([import("./Showing.svelte"), addTexts(texts)]);
  return part;
}

/** What an advisor needs. */
export async function looking(texts: Texts<DocumentKey | LookKey>): Promise<{ default: typeof Looking }> {
  const [part] = await Promise.all([import("./Looking.svelte"), addTexts(texts)]);
  return part;
}

async function addTexts(texts: Texts<DocumentKey | LookKey>): Promise<void> {
  await texts.add(loadDocument);
  await texts.add(loadLook);
}
