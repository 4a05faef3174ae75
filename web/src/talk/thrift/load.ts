import type { Texts } from "../../ui";
import Sparing from "./Sparing.svelte";
import { loadThrift, type ThriftKey } from "./texts";

/** What saves data in a talk, once its texts have come, too. */
export async function load(texts: Texts<ThriftKey>): Promise<{ default: typeof Sparing }> {
  await texts.add(loadThrift);
  return { default: Sparing };
}
