import type { Call } from "./call";
import { LocalMedia } from "./local";
import type { Senders } from "./peer";
import type { LocalState } from "./state";

/**
 * Sound and pictures of this side on their way to one more person in the same talk: the devices are those of the talk that
 * it is beside, and what is switched on and off there is so here. It can be halted by itself.
 */
export class Branch extends LocalMedia {
  private to: Senders | undefined;
  private halted = false;
  private root: LocalState;
  private readonly leave: () => void;

  constructor(
    call: Call,
    private readonly heard: (state: LocalState) => void,
  ) {
    super(heard);
    this.root = call.state.local;
    this.leave = call.subscribe(({ local }) => {
      if (local === this.root) return;
      this.root = local;
      this.send();
      this.heard(this.state);
    });
  }

  override connect(senders: Senders | undefined): void {
    this.to = senders;
    this.send();
  }

  override hold(on: boolean): void {
    if (this.halted === on) return;
    this.halted = on;
    this.send();
    this.heard(this.state);
  }

  override get state(): LocalState {
    return this.halted ? { ...this.root, held: true } : this.root;
  }

  override get sends(): boolean {
    const { mic, camera, sharing, held } = this.state;
    return (mic === "ok" || camera === "ok" || sharing) && !held;
  }

  /** A screen is shown where the devices are. */
  override show(): void {
    // Nothing here.
  }

  /** The devices stay open: they are not its own. */
  override close(): void {
    this.leave();
    this.to = undefined;
  }

  private send(): void {
    if (!this.to) return;
    const { stream, screen, held } = this.state;
    const out = (track: MediaStreamTrack | undefined): MediaStreamTrack | undefined =>
      held ? undefined : track;
    replace(this.to.audio, out(screen?.getAudioTracks()[0] ?? stream?.getAudioTracks()[0]));
    replace(this.to.camera, out(stream?.getVideoTracks()[0]));
    replace(this.to.screen, out(screen?.getVideoTracks()[0]));
  }
}

function replace(sender: RTCRtpSender, track: MediaStreamTrack | undefined): void {
  if (sender.track === (track ?? null)) return;
  // Fails only on a connection that is closed already.
  void sender.replaceTrack(track ?? null).catch(() => undefined);
}

/** Branches of a call, as other calls want them (CallOptions.media). */
export function branchOf(call: Call): new (changed: (state: LocalState) => void) => LocalMedia {
  return class extends Branch {
    constructor(changed: (state: LocalState) => void) {
      super(call, changed);
    }
  };
}
