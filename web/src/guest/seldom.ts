/** What few people see. It is fetched when it is needed, and for everybody who waits, as the network may go. */
export { default as DeviceChoice } from "../talk/DeviceChoice.svelte";
export { default as DeviceHelp } from "./devices/DeviceHelp.svelte";
export { default as Home } from "./Home.svelte";
export { default as CallbackDialog } from "./screens/CallbackDialog.svelte";
export { default as ChangeDialog } from "./screens/ChangeDialog.svelte";
export { default as Ended } from "./screens/Ended.svelte";
export { default as Early } from "./screens/Early.svelte";
export { default as Unsuitable } from "./screens/Unsuitable.svelte";
