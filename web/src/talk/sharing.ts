import type { DeviceState } from "../api/types";
import type { Call } from "../call/call";
import type { Added } from "../call/channel";
import { reasonOf, stopStream } from "../call/devices";
import type { CallState } from "../call/state";
import { Store } from "../call/store";
import { Mix } from "./mix";
import { type Point, Pointer, pointOf } from "./pointer";

/** Who begins within this time after the other one may not have seen that screen yet: the side that yields gives way. */
const sameTimeMs = 2_000;
/** Whatever the other page sends: nothing is drawn more often than that. */
const drawnMs = 20;

/** Telephones cannot. */
export function canShare(): boolean {
  return "mediaDevices" in navigator && "getDisplayMedia" in navigator.mediaDevices;
}

/** One person's screen, shown to the other one: one at a time, the newer in place of the older. */
export class Sharing {
  /** Points at the other side's screen. */
  readonly pointer: Pointer;
  /** Where the other person points at on this side's screen. */
  readonly pointed = new Store<Point | undefined>(undefined);
  /** Whose screen has just given way to the other side's: it was shown, and is no more. */
  readonly replaced = new Store<"mine" | "theirs" | undefined>(undefined);
  private pointedAt = 0;
  private given: MediaStream | undefined;
  private mix: Mix | undefined;
  private since = 0;
  /** When the other side began, while it shows. */
  private theirs: number | undefined;
  private sharp = true;
  private shown = false;
  private closed = false;
  private readonly leave: () => void;

  constructor(
    private readonly call: Call,
    /** Where both begin at once, one has to give way. */
    private readonly yields: boolean,
  ) {
    this.pointer = new Pointer((at) => {
      call.tell({ t: "point", ...(at ? { at } : {}) });
    });
    const leaves = [
      call.subscribe((state) => {
        this.follow(state);
      }),
      call.attend({
        heard: (message) => {
          this.heard(message);
        },
      }),
    ];
    this.leave = () => {
      for (const leave of leaves) leave();
    };
  }

  /** The browser asks what is to be shown; a refusal is an answer like any other. */
  async start(): Promise<DeviceState> {
    if (!canShare()) return "unsupported";
    try {
      const given = await navigator.mediaDevices.getDisplayMedia(wanted(this.sharp));
      if (this.closed || this.call.state.phase === "ended") {
        stopStream(given);
        return "off";
      }
      this.stop();
      await this.show(given);
      return this.given ? "ok" : "off";
    } catch (error) {
      return reasonOf(error);
    }
  }

  stop(): void {
    if (!this.given) return;
    stopStream(this.given);
    this.given = undefined;
    this.shown = false;
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
    this.closed = true;
    this.leave();
    this.pointer.away();
    this.stop();
  }

  private async show(given: MediaStream): Promise<void> {
    this.given = given;
    this.since = performance.now();
    if (this.yields && this.theirs !== undefined && this.since - this.theirs <= sameTimeMs) {
      this.stop();
      return;
    }
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
    this.shown = true;
    if (this.theirs !== undefined) this.replaced.set("theirs");
    this.call.show(new MediaStream([...given.getVideoTracks(), ...(mix?.tracks ?? [])]));
  }

  private heard(message: Added): void {
    if (message.t !== "point") return;
    const at = pointOf(message);
    const now = performance.now();
    if (at && now - this.pointedAt < drawnMs) return;
    this.pointedAt = now;
    this.pointed.set(at);
  }

  private follow(state: CallState): void {
    this.hear(state);
    if (state.phase !== "connected" && this.pointed.value) this.pointed.set(undefined);
    const begun = state.remote.sharing && this.theirs === undefined;
    if (begun) this.theirs = performance.now();
    if (!state.remote.sharing) this.theirs = undefined;
    // The call has ended it: somebody else sits on the other side now.
    const taken = this.shown && !state.local.sharing;
    if (taken || state.phase === "ended") this.stop();
    else if (begun && (this.yields || performance.now() - this.since > sameTimeMs)) {
      if (this.shown) this.replaced.set("mine");
      this.stop();
    }
    if (!state.remote.sharing && !this.given) this.replaced.set(undefined);
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
