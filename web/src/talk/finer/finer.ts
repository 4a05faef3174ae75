import type { Call } from "../../call/call";
import { acquire, type Acquired, reasonOf, type Wanted } from "../../call/devices";
import { Store } from "../../call/store";
import type { Veil } from "../blur/before";
import type { Blurring } from "../blur/blur";

type Shaped = Pick<Call, "state" | "subscribe" | "openBy" | "useCamera" | "useMicrophone" | "setCamera">;

/** `failed`: there was nothing to lose yet, and the camera shows what it did. `lost`: the camera is off. */
export type Blurred = "off" | "starting" | "on" | "failed" | "lost";

/**
 * What this side's camera and microphone give is made finer on its way into the talk: the background is blurred, noise is
 * dampened. Each change opens the device anew, so that the connection only gets another track.
 */
export class Finer {
  readonly blurred = new Store<Blurred>("off");
  /** The browser does that, unless it is told not to. */
  readonly quiet = new Store(true);
  private readonly blurs = new WeakSet<MediaStreamTrack>();
  private readonly stop: () => void;
  /** The camera was on before the page was loaded anew, and is not yet again. */
  private returning: boolean;

  /** `before`: what was so before the page was loaded anew; its camera has stayed off for it. */
  constructor(
    private readonly call: Shaped,
    private readonly blurring: Blurring,
    before: Veil,
    private readonly keep: (veil: Veil) => void,
    private readonly openDevices: typeof acquire = acquire,
    /** The person had switched the microphone off, and it is not opened. */
    private readonly silent = false,
  ) {
    if (before) this.blurred.set("on");
    this.returning = before === "seen";
    call.openBy((wanted) => this.open(wanted));
    const stops = [
      call.subscribe(() => {
        this.cover();
        this.note();
      }),
      this.blurred.subscribe(() => {
        this.note();
      }),
    ];
    this.stop = () => {
      for (const stop of stops) stop();
    };
  }

  async blur(on: boolean): Promise<void> {
    this.blurred.set(on ? "starting" : "off");
    const camera = this.used("video");
    if (camera !== undefined) await this.call.useCamera(camera);
    // Without a camera that is on it stays to be seen whether it can be done.
    else if (on) this.blurred.set("on");
  }

  async dampen(on: boolean): Promise<void> {
    this.quiet.set(on);
    const microphone = this.used("audio");
    if (microphone !== undefined) await this.call.useMicrophone(microphone);
  }

  close(): void {
    this.stop();
    this.call.openBy(this.openDevices);
  }

  private used(kind: "audio" | "video"): string | undefined {
    const tracks = this.call.state.local.stream?.getTracks() ?? [];
    return tracks.find((track) => track.kind === kind)?.getSettings().deviceId;
  }

  private get wanted(): boolean {
    return this.blurred.value === "on" || this.blurred.value === "starting";
  }

  private async open(wanted: Wanted): Promise<Acquired> {
    const opened = await (wanted.camera === false && !this.quiet.value
      ? loud(wanted)
      : this.openDevices(wanted));
    const [camera] = opened.stream.getVideoTracks();
    if (!camera || !this.wanted) return opened;
    try {
      const blurred = await this.blurring.blurred(camera, () => {
        this.lose();
      });
      this.blurs.add(blurred);
      opened.stream.removeTrack(camera);
      opened.stream.addTrack(blurred);
      this.blurred.set("on");
      return opened;
    } catch {
      if (this.blurred.value === "starting") {
        this.blurred.set("failed");
        return opened;
      }
      // Who was promised a blurred background is not shown without one unasked.
      opened.stream.removeTrack(camera);
      camera.stop();
      this.blurred.set("lost");
      return { ...opened, camera: "off" };
    }
  }

  private lose(): void {
    if (!this.wanted) return;
    this.blurred.set("lost");
    void this.call.setCamera(false);
  }

  /** Keeps what the next page has to know; and once the microphone is open, the camera comes back as it was. */
  private note(): void {
    const { local, phase } = this.call.state;
    if (phase === "ended") return;
    if (this.returning) {
      // What the page opens by itself takes the place of all that was open: before it the camera would be lost again.
      const opened = this.silent || local.mic !== "off" || (local.stream?.getAudioTracks().length ?? 0) > 0;
      if (!opened) return;
      this.returning = false;
      if (local.camera === "off") void this.call.setCamera(true);
      return;
    }
    const on = local.camera === "ok";
    const veiled = this.wanted || (this.blurred.value === "lost" && !on);
    this.keep(veiled ? (on ? "seen" : "hidden") : undefined);
  }

  /** A camera that was opened past this one, as by who takes part in writing and joins in after all. */
  private cover(): void {
    const { local } = this.call.state;
    const [camera] = local.stream?.getVideoTracks() ?? [];
    if (this.blurred.value !== "on" || local.camera !== "ok" || !camera || this.blurs.has(camera)) return;
    const { deviceId } = camera.getSettings();
    if (deviceId !== undefined) void this.call.useCamera(deviceId);
  }
}

/** A microphone as it is: with all that is to be heard beside a voice. */
async function loud({ microphone: id }: Wanted): Promise<Acquired> {
  const camera = "off";
  if (id === false) return { stream: new MediaStream(), camera, microphone: "off" };
  const which = id === true ? {} : { deviceId: { exact: id } };
  const audio = { ...which, echoCancellation: true, noiseSuppression: false, autoGainControl: true };
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ audio }), camera, microphone: "ok" };
  } catch (error) {
    return { stream: new MediaStream(), camera, microphone: reasonOf(error) };
  }
}
