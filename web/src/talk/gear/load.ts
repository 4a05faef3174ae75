import FinerDialog from "../finer/FinerDialog.svelte";
import PlugsBar from "../plugs/PlugsBar.svelte";
import type { Texts } from "../../ui";
import { type GearKey, loadGear } from "./texts";

/** What makes picture and sound finer, once its texts have come, too; what blurs is loaded only when somebody wants it. */
export async function finer(texts: Texts<GearKey>): Promise<{ default: typeof FinerDialog }> {
  await texts.add(loadGear);
  return { default: FinerDialog };
}

/** What watches the devices of a talk. */
export async function plugs(texts: Texts<GearKey>): Promise<{ default: typeof PlugsBar }> {
  await texts.add(loadGear);
  return { default: PlugsBar };
}
