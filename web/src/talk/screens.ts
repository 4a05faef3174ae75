/** What is there while a screen is shown, and fetched only then. */
export { default as Seen } from "./Seen.svelte";
export { default as Showing } from "./Showing.svelte";
