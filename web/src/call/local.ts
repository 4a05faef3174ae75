import type { DeviceState } from "../api/types";
import { acquire, type Acquired, stopStream } from "./devices";
import type { Senders } from "./peer";
import type { LocalState } from "./state";

type Device = "camera" | "microphone";

/**
 * This side's camera, microphone and screen, and the senders they go into. Nothing goes into a sender before `attach`.
 * Switching the camera off gives the device back; a muted microphone stays open, so that sound is back at once.
 */
export class LocalMedia {
  private stream = new MediaStream();
  private screen: MediaStream | undefined;
  private micState: DeviceState = "off";
  private cameraState: DeviceState = "off";
  private readonly ids: Record<Device, string | true> = { camera: true, microphone: true };
  private senders: Senders | undefined;
  private attached = false;
  private held = false;
  private closed = false;
  /** What changes pictures or sound stands between the devices and the talk (see talk/finer). */
  openBy = acquire;
  private readonly turns: Partial<Record<Device, Promise<void>>> = {};

  constructor(private readonly changed: (state: LocalState) => void) {}

  use(acquired: Acquired): void {
    if (this.closed) {
      stopStream(acquired.stream);
      return;
    }
    // Given twice, it must not be stopped for its own sake.
    if (this.stream !== acquired.stream) stopStream(this.stream);
    this.stream = acquired.stream;
    this.micState = acquired.microphone;
    this.cameraState = acquired.camera;
    for (const track of this.stream.getTracks()) this.watch(track);
    this.put();
    this.tell();
  }

  attach(): void {
    this.attached = true;
    this.put();
  }

  /** Nothing goes out meanwhile; the devices stay open, as some phones would not give them back. */
  hold(on: boolean): void {
    if (this.held === on) return;
    this.held = on;
    this.put();
    this.tell();
  }

  /** A new connection has its own senders. */
  connect(senders: Senders | undefined): void {
    this.senders = senders;
    this.put();
  }

  setMic(on: boolean): Promise<void> {
    return this.inTurn("microphone", async () => {
      const track = this.audio;
      if (track) {
        track.enabled = on;
        this.micState = on ? "ok" : "off";
      } else {
        this.micState = on ? await this.open("microphone", this.ids.microphone) : "off";
      }
    });
  }

  setCamera(on: boolean): Promise<void> {
    return this.inTurn("camera", async () => {
      if (!on) {
        this.drop("video");
        this.cameraState = "off";
      } else if (!this.camera) {
        this.cameraState = await this.open("camera", this.ids.camera);
      }
    });
  }

  useCamera(id: string): Promise<void> {
    return this.inTurn("camera", async () => {
      this.cameraState = await this.choose("camera", id, true);
    });
  }

  useMicrophone(id: string): Promise<void> {
    return this.inTurn("microphone", async () => {
      const on = this.micState === "ok";
      this.micState = await this.choose("microphone", id, on);
      if (!on && this.audio) this.micState = "off";
    });
  }

  /** A shown screen. Its sound, where it has any, goes in place of the microphone's, which is mixed in already. */
  show(screen: MediaStream | undefined): void {
    if (this.screen !== screen) stopStream(this.screen);
    if (this.closed) {
      stopStream(screen);
      return;
    }
    this.screen = screen;
    this.put();
    this.tell();
  }

  close(): void {
    this.closed = true;
    stopStream(this.stream);
    stopStream(this.screen);
    this.senders = undefined;
  }

  get state(): LocalState {
    return {
      stream: this.stream,
      mic: this.micState,
      camera: this.cameraState,
      sharing: this.screen !== undefined,
      held: this.held,
      ...(this.screen ? { screen: this.screen } : {}),
    };
  }

  /** Whether there is anything of this side to hear or see. */
  get sends(): boolean {
    const on = this.micState === "ok" || this.cameraState === "ok" || this.screen !== undefined;
    return on && !this.held;
  }

  private get audio(): MediaStreamTrack | undefined {
    return this.stream.getAudioTracks()[0];
  }

  private get camera(): MediaStreamTrack | undefined {
    return this.stream.getVideoTracks()[0];
  }

  /** One change of a device after the other: what is asked for while it opens would open it twice. */
  private inTurn(device: Device, change: () => Promise<void>): Promise<void> {
    const changed = Promise.resolve(this.turns[device])
      .then(change)
      .then(() => {
        this.put();
        this.tell();
      });
    this.turns[device] = changed.catch(() => undefined);
    return changed;
  }

  /** Some phones cannot open two cameras at once. Where another one cannot be had, the one before is opened again. */
  private async choose(kind: Device, id: string, enabled: boolean): Promise<DeviceState> {
    this.drop(kind === "camera" ? "video" : "audio");
    const state = await this.open(kind, id, enabled);
    if (state !== "ok" && !this.closed) return this.open(kind, this.ids[kind], enabled);
    this.ids[kind] = id;
    return state;
  }

  private async open(kind: Device, id: string | true, enabled = true): Promise<DeviceState> {
    if (this.closed) return "off";
    const opened = await this.openBy({ camera: false, microphone: false, [kind]: id });
    if (this.closed) {
      stopStream(opened.stream);
      return "off";
    }
    for (const track of opened.stream.getTracks()) {
      track.enabled = enabled;
      // One that came in meanwhile would go on being sent when this one is off.
      this.drop(track.kind);
      this.stream.addTrack(track);
      this.watch(track);
    }
    return opened[kind];
  }

  private drop(kind: string): void {
    for (const track of this.stream.getTracks()) {
      if (track.kind !== kind) continue;
      this.stream.removeTrack(track);
      track.stop();
    }
  }

  /** Unplugged, or taken away by the system. */
  private watch(track: MediaStreamTrack): void {
    track.addEventListener("ended", () => {
      if (this.closed || !this.stream.getTracks().includes(track)) return;
      this.stream.removeTrack(track);
      if (track.kind === "audio") this.micState = "missing";
      else this.cameraState = "missing";
      this.put();
      this.tell();
    });
  }

  private put(): void {
    if (!this.senders || !this.attached) return;
    const out = (track: MediaStreamTrack | undefined): MediaStreamTrack | undefined =>
      this.held ? undefined : track;
    replace(this.senders.audio, out(this.screen?.getAudioTracks()[0] ?? this.audio));
    replace(this.senders.camera, out(this.camera));
    replace(this.senders.screen, out(this.screen?.getVideoTracks()[0]));
  }

  private tell(): void {
    if (!this.closed) this.changed(this.state);
  }
}

function replace(sender: RTCRtpSender, track: MediaStreamTrack | undefined): void {
  if (sender.track === (track ?? null)) return;
  // Fails only on a connection that is closed already.
  void sender.replaceTrack(track ?? null).catch(() => undefined);
}
