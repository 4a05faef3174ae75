import type { Takes } from "../talk/gear/load";

/** What nobody sees before the waiting room; it is fetched there, ahead of need, as the network may go. */
export { default as Called } from "./screens/Called.svelte";
export { default as Elsewhere } from "./screens/Elsewhere.svelte";
export { default as Goodbye } from "./screens/Goodbye.svelte";
export { default as LeaveDialog } from "./screens/LeaveDialog.svelte";
export { default as Talk } from "./talk/Talk.svelte";

export { survey } from "./survey";

/** What a talk loads at its beginning, while the network has nothing else to do. */
export async function ahead(texts: Takes): Promise<void> {
  await (await import("../talk/gear/load")).ahead(texts);
}
