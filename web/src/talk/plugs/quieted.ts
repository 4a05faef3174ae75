import type { DeviceState } from "../../api/types";
import type { Call } from "../../call/call";
import { Store } from "../../call/store";
import { keepOff } from "../off";

type Heard = Pick<Call, "options" | "state" | "attend" | "subscribe" | "setMic">;

/**
 * Whoever leads the talk may switch off the microphone of a guest (docs/protocol.md §4, 10), and nobody may switch it on but
 * the guest. What a guest's page says of it is nothing to the advisor's.
 */
export class Quieted {
  /** The microphone is off because the other side wanted it so. */
  readonly is = new Store(false);
  private readonly leaves: (() => void)[];

  constructor(call: Heard) {
    this.leaves = [
      call.attend({
        heard: ({ t }) => {
          if (t === "mute" && call.options.side === "guest") void this.quiet(call);
        },
      }),
      call.subscribe(({ local }) => {
        if (local.mic !== "off" && this.is.value) this.is.set(false);
      }),
    ];
  }

  close(): void {
    for (const leave of this.leaves) leave();
  }

  /** One that is off already has been switched off by its person, and nothing is said of it. */
  private async quiet(call: Heard): Promise<void> {
    const mic = (): DeviceState => call.state.local.mic;
    if (mic() !== "ok") return;
    keepOff("mic", true);
    await call.setMic(false);
    this.is.set(mic() === "off");
  }
}
