import type { DeviceState } from "../api/types";
import type { Call } from "../call/call";
import { reasonOf, stopStream } from "../call/devices";
import type { CallState } from "../call/state";
import { Mix } from "./mix";
import { Pointer } from "./pointer";

/** Two who begin within this time have not seen each other's screen before. */
const sameTimeMs = 2_000;

/** Telephones cannot. */
export function canShare(): boolean {
  return "mediaDevices" in navigator && "getDisplayMedia" in navigator.mediaDevices;
}

/** One person's screen, shown to the other one: one at a time, the newer in place of the older. */
export class Sharing {
  /** Points at the other side's screen. */
  readonly pointer: Pointer;
  private given: MediaStream | undefined;
  private mix: Mix | undefined;
  private since = 0;
  private theirs = false;
  private sharp = true;
  private readonly leave: () => void;

  constructor(
    private readonly call: Call,
    /** Where both begin at once, one has to give way. */
    private readonly yields: boolean,
  ) {
    this.pointer = new Pointer((at) => {
      call.point(at);
    });
    this.leave = call.subscribe((state) => {
      this.follow(state);
    });
  }

  /** The browser asks what is to be shown; a refusal is an answer like any other. */
  async start(): Promise<DeviceState> {
    if (!canShare()) return "unsupported";
    try {
      const given = await navigator.mediaDevices.getDisplayMedia(wanted(this.sharp));
      if (this.call.state.phase === "ended") {
        stopStream(given);
        return "off";
      }
      this.stop();
      await this.show(given);
      return "ok";
    } catch (error) {
      return reasonOf(error);
    }
  }

  stop(): void {
    if (!this.given) return;
    stopStream(this.given);
    this.given = undefined;
    this.mix?.close();
    this.mix = undefined;
    this.sharp = true;
    this.call.show(undefined);
  }

  /** Sharp letters rather than smooth movement. */
  setSharp(sharp: boolean): void {
    this.sharp = sharp;
    for (const track of this.given?.getVideoTracks() ?? []) tune(track, sharp);
  }

  /** The page has another talk, or none. */
  close(): void {
    this.leave();
    this.pointer.away();
    this.stop();
  }

  private async show(given: MediaStream): Promise<void> {
    this.given = given;
    this.since = performance.now();
    const [picture] = given.getVideoTracks();
    const [sound] = given.getAudioTracks();
    if (picture) tune(picture, this.sharp);
    // By the browser's own button, or as the window that is shown was closed.
    picture?.addEventListener("ended", () => {
      if (this.given === given) this.stop();
    });
    const mix = sound && (await Mix.of(sound));
    if (this.given !== given) {
      mix?.close();
      return;
    }
    this.mix = mix;
    this.hear(this.call.state);
    this.call.show(new MediaStream([...given.getVideoTracks(), ...(mix?.tracks ?? [])]));
  }

  private follow(state: CallState): void {
    this.hear(state);
    const begun = state.remote.sharing && !this.theirs;
    this.theirs = state.remote.sharing;
    if (state.phase === "ended") this.stop();
    else if (begun && (this.yields || performance.now() - this.since > sameTimeMs)) this.stop();
  }

  private hear({ local }: CallState): void {
    this.mix?.hear(local.stream?.getAudioTracks()[0]);
  }
}

/** Screen Capture §5.4 and its extensions; browsers ignore what they do not know. */
interface Wanted extends DisplayMediaStreamOptions {
  systemAudio: "include" | "exclude";
  surfaceSwitching: "include";
}

/**
 * With the sound of what is shown, if the person wants it. What the whole system plays only where the browser leaves out
 * this page's own: the other side would hear itself.
 */
function wanted(sharp: boolean): Wanted {
  const leavesOut = "restrictOwnAudio" in navigator.mediaDevices.getSupportedConstraints();
  const untouched = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return {
    video: rate(sharp),
    audio: { ...untouched, ...(leavesOut ? { restrictOwnAudio: true } : {}) },
    systemAudio: leavesOut ? "include" : "exclude",
    surfaceSwitching: "include",
  };
}

function rate(sharp: boolean): MediaTrackConstraints {
  return { frameRate: { max: sharp ? 15 : 30 } };
}

function tune(track: MediaStreamTrack, sharp: boolean): void {
  track.contentHint = sharp ? "text" : "motion"; // W3C mst-content-hint: what is given up when the network is slow
  void track.applyConstraints(rate(sharp)).catch(() => undefined);
}
