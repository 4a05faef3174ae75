/** Help with camera and microphone. It is fetched when it is needed, and for everybody who waits, as the network may go. */
export { default as DeviceChoice } from "../talk/DeviceChoice.svelte";
export { default as DeviceHelp } from "./devices/DeviceHelp.svelte";
