import { type ApiError, asApiError } from "../../api/client";
import { becomeDevice, leaveDevice, ownDevice } from "../../api/device";
import { openStream, type Stream, type StreamState } from "../../api/stream";
import type { Me } from "../../api/types";
import { acquire, type Acquired, stopStream } from "../../call/devices";
import { Store, type Unsubscribe } from "../../call/store";
import { devicePath, linkIn } from "../passwordLink";

export interface DeviceState {
  /**
   * `link`: the page was opened by a code, and nothing has happened yet. `check`: the device is paired, and nobody has
   * touched the page since. `over`: it was paired, and is no more.
   */
  readonly phase: "asking" | "link" | "none" | "check" | "ready" | "over";
  /** Whose device it is. */
  readonly me?: Me;
  /** The talk that it is to take. */
  readonly talk?: string;
  readonly stream: StreamState;
  readonly busy: boolean;
  readonly refusal?: ApiError;
  /** What was found at the check. */
  readonly found?: Pick<Acquired, "camera" | "microphone">;
}

/** A browser that takes sound and picture for somebody who works at a desktop: whose it is, and which talk it takes. */
export class DeviceDesk {
  private readonly store = new Store<DeviceState>({ phase: "asking", stream: "connecting", busy: false });
  private readonly link = linkIn(location.hash);
  private stream: Stream | undefined;

  get state(): DeviceState {
    return this.store.value;
  }

  subscribe(listener: (state: DeviceState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  /** To open a link does nothing: a mail scanner or a preview would use it up. */
  async open(): Promise<void> {
    if (this.link.secret !== "") {
      this.set({ phase: "link" });
      return;
    }
    this.set({ phase: "asking", refusal: undefined });
    try {
      this.begin(await ownDevice());
    } catch (error) {
      const refusal = asApiError(error);
      const none = refusal.status === 401 || refusal.code === "device.here";
      this.set({ phase: "none", refusal: none ? undefined : refusal });
    }
  }

  async pair(): Promise<void> {
    await this.guarded(async () => {
      const me = await becomeDevice(this.link);
      history.replaceState(null, "", devicePath); // the code is used up
      this.begin(me);
    });
  }

  /** Browsers want a click before they open camera and microphone, and before they play sound. */
  async check(): Promise<void> {
    await this.guarded(async () => {
      const { stream, camera, microphone } = await acquire({ camera: true, microphone: true });
      stopStream(stream);
      if (this.state.phase === "check") this.set({ phase: "ready", found: { camera, microphone } });
    });
  }

  /** The button on the device itself. */
  async leave(): Promise<void> {
    await this.guarded(async () => {
      await leaveDevice();
      this.lost();
    });
  }

  /** The server knows this device no more. */
  lost(): void {
    this.stream?.close();
    this.stream = undefined;
    this.set({ phase: "over", talk: undefined });
  }

  close(): void {
    this.stream?.close();
  }

  private begin(me: Me): void {
    this.set({ phase: "check", me, refusal: undefined });
    this.listen();
  }

  private listen(): void {
    this.stream?.close();
    this.stream = openStream("/api/staff/device/stream", {
      onEvent: (name, data) => {
        if (name === "talk") this.set({ talk: (data as { id?: string }).id });
        else if (name === "bye" && (data as { reason: string }).reason === "rights") this.listen();
        else if (name === "bye") this.lost();
      },
      onState: (stream) => {
        this.set({ stream });
      },
      onRefused: (error) => {
        if (error.status === 401) this.lost();
        else this.set({ refusal: error });
      },
    });
  }

  private async guarded(action: () => Promise<void>): Promise<void> {
    if (this.state.busy) return;
    this.set({ busy: true, refusal: undefined });
    try {
      await action();
    } catch (error) {
      const refusal = asApiError(error);
      if (refusal.status === 401) this.lost();
      else this.set({ refusal });
    } finally {
      this.set({ busy: false });
    }
  }

  private set(change: { [Key in keyof DeviceState]?: DeviceState[Key] | undefined }): void {
    this.store.set({ ...this.state, ...change });
  }
}
