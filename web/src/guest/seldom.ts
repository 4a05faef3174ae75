/** What few people see. It is fetched when it is needed: without the network none of it would be of use. */
export { default as CallbackDialog } from "./screens/CallbackDialog.svelte";
export { default as Consent } from "./screens/Consent.svelte";
export { default as Ended } from "./screens/Ended.svelte";
export { default as Early } from "./screens/Early.svelte";
export { default as LegalLong } from "./screens/LegalLong.svelte";
export { default as Messages } from "./screens/Messages.svelte";
export { default as Unsuitable } from "./screens/Unsuitable.svelte";
export { default as Ways } from "./screens/Ways.svelte";
