import type { Texts } from "../../ui";
import StaffPanel from "./StaffPanel.svelte";
import { type FormKey, loadForm } from "./texts";

/** What an advisor needs, once its texts have come, too. The guest's page knows nothing of it. */
export async function opening(texts: Texts<FormKey>): Promise<{ default: typeof StaffPanel }> {
  await texts.add(loadForm);
  return { default: StaffPanel };
}
