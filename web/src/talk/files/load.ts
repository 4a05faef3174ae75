import type { Texts } from "../../ui";
import Files from "./Files.svelte";
import { type FilesKey, loadFiles } from "./texts";

/** The part itself, once its texts have come, too. */
export async function load(texts: Texts<FilesKey>): Promise<{ default: typeof Files }> {
  await texts.add(loadFiles);
  return { default: Files };
}
