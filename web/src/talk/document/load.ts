import type { Texts } from "../../ui";
import type Looking from "./Looking.svelte";
import type Showing from "./Showing.svelte";
import { type DocumentKey, loadDocument } from "./texts";

/** What a guest needs, once its texts have come, too. */
export async function showing(texts: Texts<DocumentKey>): Promise<{ default: typeof Showing }> {
  const [part] = await Promise.all([import("./Showing.svelte"), texts.add(loadDocument)]);
  return part;
}

/** What an advisor needs. */
export async function looking(texts: Texts<DocumentKey>): Promise<{ default: typeof Looking }> {
  const [part] = await Promise.all([import("./Looking.svelte"), texts.add(loadDocument)]);
  return part;
}
