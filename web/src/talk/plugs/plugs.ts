import type { DeviceState } from "../../api/types";
import type { Call } from "../../call/call";
import type { Added } from "../../call/channel";
import type { CallState } from "../../call/state";
import { Store } from "../../call/store";

type Plugged = Pick<
  Call,
  "state" | "subscribe" | "attend" | "tell" | "useCamera" | "useMicrophone" | "setMic"
>;
export type Kind = "camera" | "microphone";

export interface Listed {
  readonly deviceId: string;
  readonly groupId: string;
  readonly label: string;
}

/** The devices of this computer; their names are empty until one was allowed. */
export interface Shelf {
  list(): Promise<{ cameras: Listed[]; microphones: Listed[]; speakers: Listed[] }>;
  watch(changed: () => void): () => void;
}

/** What was plugged in, and is taken only by whoever says so. `lost`: in place of one that has gone. */
export interface Offer {
  readonly kind: Kind;
  readonly id: string;
  readonly label: string;
  readonly speaker: string | undefined;
  readonly lost: boolean;
}

/** What has become of a device: `paused` by a call or another app, `lost` with its plug. */
const troubles = ["paused", "lost"] as const;
export type Trouble = (typeof troubles)[number];
export type Troubles = Readonly<Partial<Record<Kind, Trouble>>>;

/** In ms: a track is silent for a moment when it begins, or another app only asks. */
const settleMs = 1_000;
/** Names that stand for another device of the list (Chromium). */
const standIns = new Set(["default", "communications"]);
const kinds: readonly Kind[] = ["camera", "microphone"];

/**
 * Devices that come and go in the middle of a talk. Sound goes on with another microphone by itself, as a talk without
 * sound is none; another camera could show what nobody wants to show, and is offered. The other side is told why it
 * hears or sees nothing.
 */
export class Plugs {
  readonly offer = new Store<Offer | undefined>(undefined);
  /** The microphone that took the place of one that has gone. */
  readonly instead = new Store<string | undefined>(undefined);
  readonly mine = new Store<Troubles>({});
  readonly theirs = new Store<Troubles>({});
  private known: ReadonlySet<string> | undefined;
  private readonly watched = new WeakSet<MediaStreamTrack>();
  private readonly pausing: Partial<Record<Kind, ReturnType<typeof setTimeout>>> = {};
  private before: CallState["local"] | undefined;
  private said: Troubles = {};
  private hearing: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private readonly stops: (() => void)[];

  constructor(
    private readonly call: Plugged,
    private readonly shelf: Shelf,
  ) {
    this.stops = [
      call.attend({
        heard: (message) => {
          this.hear(message);
        },
        opened: () => {
          this.said = {};
          this.theirs.set({});
          if (Object.keys(this.mine.value).length > 0) this.say();
        },
      }),
      shelf.watch(() => void this.look()),
      call.subscribe((state) => {
        this.follow(state.local);
      }),
    ];
    void this.look();
  }

  /** Tells whether the device is used now. */
  async take(): Promise<boolean> {
    const { value: offer } = this.offer;
    this.offer.set(undefined);
    if (!offer) return false;
    if (offer.kind === "camera") await this.call.useCamera(offer.id);
    else await this.useMicrophone(offer.id, this.call.state.local.mic === "ok");
    const tracks = this.call.state.local.stream?.getTracks() ?? [];
    return tracks.some((track) => track.getSettings().deviceId === offer.id);
  }

  refuse(): void {
    this.offer.set(undefined);
  }

  close(): void {
    this.closed = true;
    for (const stop of this.stops) stop();
    for (const kind of kinds) clearTimeout(this.pausing[kind]);
    clearTimeout(this.hearing);
  }

  private async look(): Promise<void> {
    const { cameras, microphones, speakers } = await this.shelf.list();
    if (this.closed) return;
    const inputs = [
      ...microphones.map((device) => ({ device, kind: "microphone" as const })),
      ...cameras.map((device) => ({ device, kind: "camera" as const })),
    ].filter(({ device }) => !standIns.has(device.deviceId));
    const { known } = this;
    this.known = new Set(inputs.map(({ device }) => device.deviceId));
    const { value: offered } = this.offer;
    if (offered && !this.known.has(offered.id)) this.offer.set(undefined);
    // Names come with the first permission: what was there all the time is nothing new.
    if (!known || known.size === 0) return;
    const fresh = inputs.find(({ device }) => !known.has(device.deviceId));
    if (!fresh) return;
    const { device, kind } = fresh;
    const speaker = speakers.find(
      ({ groupId, deviceId }) => groupId === device.groupId && !standIns.has(deviceId),
    );
    const { deviceId: id, label } = device;
    this.offer.set({ kind, id, label, speaker: speaker?.deviceId, lost: this.mine.value[kind] === "lost" });
  }

  private follow(local: CallState["local"]): void {
    const { before } = this;
    this.before = local;
    for (const track of local.stream?.getTracks() ?? []) this.watch(track);
    if (before && before.mic !== local.mic) this.turned("microphone", before.mic, local.mic);
    if (before && before.camera !== local.camera) this.turned("camera", before.camera, local.camera);
  }

  private turned(kind: Kind, was: DeviceState, now: DeviceState): void {
    const used = kind === "camera" ? was === "ok" : was !== "missing";
    if (now === "ok" || now === "off") this.settle(kind, undefined);
    else if (now === "missing" && used) {
      this.settle(kind, "lost");
      void this.replace(kind, was === "ok");
    }
  }

  private async replace(kind: Kind, on: boolean): Promise<void> {
    const { cameras, microphones } = await this.shelf.list();
    const [next] = (kind === "camera" ? cameras : microphones).filter(
      ({ deviceId }) => !standIns.has(deviceId),
    );
    if (this.closed || !next || this.mine.value[kind] !== "lost") return;
    const { deviceId: id, label } = next;
    if (kind === "camera") this.offer.set({ kind, id, label, speaker: undefined, lost: true });
    else {
      await this.useMicrophone(id, on); // one that was switched off is none that may be heard now
      if (this.call.state.local.mic === "ok") this.instead.set(label);
    }
  }

  /** One that is put in place of another is muted like that; of one that has gone nobody knows it any more. */
  private async useMicrophone(id: string, on: boolean): Promise<void> {
    await this.call.useMicrophone(id);
    if (on && this.call.state.local.mic === "off") await this.call.setMic(true);
  }

  /** Telephones keep tracks silent while somebody calls (W3C mediacapture-main, "muted"). */
  private watch(track: MediaStreamTrack): void {
    if (this.watched.has(track)) return;
    this.watched.add(track);
    const kind: Kind = track.kind === "audio" ? "microphone" : "camera";
    const look = (): void => {
      clearTimeout(this.pausing[kind]);
      this.pausing[kind] = setTimeout(() => {
        const used = this.call.state.local.stream?.getTracks().includes(track) ?? false;
        if (used && track.muted) this.settle(kind, "paused");
        else if (used && this.mine.value[kind] === "paused") this.settle(kind, undefined);
      }, settleMs);
    };
    track.addEventListener("mute", look);
    track.addEventListener("unmute", look);
    if (track.muted) look();
  }

  private settle(kind: Kind, trouble: Trouble | undefined): void {
    if (this.mine.value[kind] === trouble) return;
    const { [kind]: _, ...others } = this.mine.value;
    this.mine.set(trouble ? { ...others, [kind]: trouble } : others);
    if (trouble) this.instead.set(undefined);
    this.say();
  }

  private say(): void {
    this.call.tell({ t: "plugs", ...this.mine.value });
  }

  private hear(message: Added): void {
    if (message.t !== "plugs") return;
    const theirs: Partial<Record<Kind, Trouble>> = {};
    for (const kind of kinds) {
      const said = troubles.find((trouble) => trouble === message[kind]);
      if (said) theirs[kind] = said;
    }
    this.said = theirs;
    this.show();
  }

  /** At most once in a while, and then what was said last: whatever the other page says, screen readers read it out. */
  private show(): void {
    const { said } = this;
    const { value: now } = this.theirs;
    if (this.hearing !== undefined || kinds.every((kind) => now[kind] === said[kind])) return;
    this.theirs.set(said);
    this.hearing = setTimeout(() => {
      this.hearing = undefined;
      this.show();
    }, settleMs);
  }
}
