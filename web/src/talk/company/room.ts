import type { Call } from "../../call/call";
import { Store } from "../../call/store";
import { keepOff } from "../off";

type Heard = Pick<Call, "attend" | "subscribe" | "tell" | "setMic">;
type Kept = { room?: unknown } | null;

/**
 * Two of the talk sit side by side, each with a device: what one of these hears the other one would say again, and again. On
 * the one whose person says so microphone and loudspeaker are off until they say otherwise, and the others are told.
 */
export class SameRoom {
  readonly is: Store<boolean>;
  private readonly leaves: (() => void)[];

  constructor(private readonly call: Heard) {
    this.is = new Store((history.state as Kept)?.room === true);
    this.leaves = [
      call.attend({
        heard: () => undefined,
        opened: () => {
          this.tell();
        },
      }),
      // Whoever speaks here after all hears here, too: half of it would be no help.
      call.subscribe(({ local }) => {
        if (this.is.value && local.mic === "ok") this.set(false);
      }),
    ];
  }

  async share(): Promise<void> {
    keepOff("mic", true);
    await this.call.setMic(false);
    this.set(true);
  }

  async part(): Promise<void> {
    this.set(false);
    await this.call.setMic(true);
  }

  close(): void {
    for (const leave of this.leaves) leave();
  }

  private set(is: boolean): void {
    history.replaceState({ ...(history.state as Kept), room: is || undefined }, "");
    this.is.set(is);
    this.tell();
  }

  private tell(): void {
    this.call.tell({ t: "company", do: "room", same: this.is.value });
  }
}
