import FinerDialog from "../finer/FinerDialog.svelte";
import PlugsBar from "../plugs/PlugsBar.svelte";
import Sparing from "../thrift/Sparing.svelte";
import { loadThrift, type ThriftKey } from "../thrift/texts";
import type { Texts } from "../../ui";
import { type GearKey, loadGear } from "./texts";

/** Whoever takes texts; what they say then is nobody's business here. */
export type Takes = Pick<Texts<never>, "add">;

/** What every talk needs soon after it begins, and a network that its own pictures have filled would bring too late. */
export async function ahead(texts: Takes): Promise<void> {
  await Promise.all([texts.add(loadGear), texts.add(loadThrift)]);
}

/** What saves data, and lets pictures give way where the network is weak. */
export async function thrift(texts: Texts<ThriftKey>): Promise<{ default: typeof Sparing }> {
  await texts.add(loadThrift);
  return { default: Sparing };
}

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
