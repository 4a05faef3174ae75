import type { Texts } from "../../ui";
import { loadLook } from "../look/texts";
import { loadView, type ViewKey } from "./texts";
import View from "./View.svelte";

/** The part itself, once its texts have come, too. */
export async function load(texts: Texts<ViewKey>): Promise<typeof View> {
  await texts.add(loadLook);
  await texts.add(loadView);
  return View;
}
