import type { Call } from "../call/call";

type Device = "mic" | "camera";
type Kept = Partial<Record<Device, unknown>> | null;

/** Whether the person has switched a device off before this page was loaded anew; kept with the page's place in the history. */
export function offBefore(device: Device): boolean {
  return (history.state as Kept)?.[device] !== undefined;
}

/** One that is off for any other reason, as for the sake of the network, comes back with the page. */
export function keepOff(device: Device, off: boolean): void {
  if (offBefore(device) !== off)
    history.replaceState({ ...(history.state as Kept), [device]: off ? "off" : undefined }, "");
}

/** However a device comes to be on again, it is no longer one that somebody wants off. */
export function forgetsOff(call: Pick<Call, "subscribe">): () => void {
  return call.subscribe(({ local }) => {
    for (const device of ["mic", "camera"] as const) if (local[device] === "ok") keepOff(device, false);
  });
}
