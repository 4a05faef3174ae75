import { Branch } from "./branch";
import type { Call } from "./call";
import { parseMessage } from "./channel";
import { type Bytes, sameBytes } from "./code";
import { encode, newCertificate, Peer } from "./peer";
import { fingerprintOf } from "./sdp";
import { Store } from "./store";

/** A description on its way from one guest's page to another's, through the advisor's. */
export interface Passed {
  readonly round: number;
  readonly kind: "offer" | "answer" | "again";
  readonly sdp: string;
}

/** The server's part: it says where the relay is, and can change nothing else without being noticed. */
export type Describe = (round: number, sdp: string) => Promise<{ sdp: string }>;

export interface PairState {
  readonly connected: boolean;
  readonly stream?: MediaStream;
  readonly screen?: MediaStream;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly sharing: boolean;
}

const apart: PairState = { connected: false, mic: false, camera: false, sharing: false };
/** For somebody who sees this side small: of several connections each has a part of what the network carries. */
const smallBitrate = 400_000;
/** A connection of which nothing has come by then is begun anew. */
const overdueMs = 8_000;
/** One that was lost may come back by itself. */
const lostMs = 4_000;

/**
 * The connection of two guests in the same talk. Their descriptions go through the advisor's page, which is connected with
 * both of them: whoever is connected here is whom that page knows. One side offers, the other one answers; each try is a
 * round of its own with new certificates.
 */
export class Pair {
  readonly state = new Store<PairState>(apart);
  private readonly branch: Branch;
  private peer: Peer | undefined;
  private round = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly call: Call,
    /** Of the two, the other one waits for this side's offer. */
    private readonly offers: boolean,
    private readonly describe: Describe,
    private readonly pass: (description: Passed) => boolean,
    /** Whom the others must see well. */
    private readonly sharp: boolean,
  ) {
    this.branch = new Branch(call, () => {
      this.tell();
    });
    this.begin();
  }

  /** Nothing goes out, and nothing of what comes is shown: there is nobody of the office in the talk. */
  hold(on: boolean): void {
    this.branch.hold(on);
  }

  /** The two can reach each other through the advisor's page again. */
  reached(): void {
    if (!this.state.value.connected) this.begin();
  }

  async take({ kind, round, sdp }: Passed): Promise<void> {
    if (this.closed) return;
    if (kind === "again" && this.offers) await this.offer();
    else if (kind === "offer" && !this.offers && round > this.round) await this.answer(round, sdp);
    else if (
      kind === "answer" &&
      this.offers &&
      round === this.round &&
      this.peer &&
      !this.peer.remoteFingerprint
    )
      await this.peer.unlessClosed(this.peer.accept(sdp)).catch(() => undefined);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.branch.close();
    this.peer?.close();
    this.state.set(apart);
  }

  private begin(): void {
    if (this.offers) void this.offer().catch(() => undefined);
    else this.again();
  }

  private again(): void {
    this.pass({ kind: "again", round: this.round, sdp: "" });
    this.soon(overdueMs);
  }

  private async offer(): Promise<void> {
    // Also higher than those of this page before it was loaded anew.
    const round = Math.max(this.round + 1, Math.floor(Date.now() / 1000));
    const peer = await this.newPeer(round);
    const offer = await peer.unlessClosed(peer.offer());
    this.branch.connect(peer.senders);
    await this.send(peer, "offer", offer);
  }

  private async answer(round: number, offer: string): Promise<void> {
    const peer = await this.newPeer(round);
    let sent: Promise<void> | undefined;
    await peer
      .unlessClosed(
        peer.answer(offer, (answer) => {
          sent = this.send(peer, "answer", answer);
        }),
      )
      .catch(() => undefined);
    this.branch.connect(peer.senders);
    await sent;
  }

  private async send(peer: Peer, kind: "offer" | "answer", own: string): Promise<void> {
    const { round } = this;
    const { sdp } = await this.describe(round, own);
    if (peer !== this.peer || this.closed) return;
    if (!carries(sdp, peer.localFingerprint)) throw new Error("the description was changed on its way");
    this.pass({ kind, round, sdp });
  }

  /** What this page needs to reach the relay, beside its address. */
  private async servers(): Promise<RTCIceServer[]> {
    return this.call.detours ? this.call.options.detour() : [];
  }

  private async newPeer(round: number): Promise<Peer> {
    this.round = round;
    const [certificate, servers] = await Promise.all([newCertificate(), this.servers()]);
    if (this.closed || round !== this.round) throw new Error("there is a newer one");
    this.peer?.close();
    const peer: Peer = new Peer(
      this.offers ? "guest" : "staff",
      certificate,
      () => Promise.reject(new Error("a pair is begun anew, not restarted")),
      {
        connection: (state) => {
          if (peer === this.peer) this.follow(peer, state);
        },
        iceFailed: () => undefined,
        handshakeFailed: () => undefined,
        flowing: (kind, flowing) => {
          if (peer !== this.peer || !flowing) return;
          this.set(kind === "audio" ? { mic: true } : kind === "camera" ? { camera: true } : {});
        },
      },
    );
    this.peer = peer;
    if (servers.length > 0) peer.useServers(servers);
    peer.channel.addEventListener("open", () => {
      this.tell();
    });
    peer.channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      const message = parseMessage(data);
      if (peer !== this.peer || message?.t !== "state") return;
      const { mic, camera, sharing } = message;
      this.set({ mic, camera, sharing });
    });
    this.soon(overdueMs);
    return peer;
  }

  private follow(peer: Peer, state: RTCPeerConnectionState): void {
    if (state === "connected") {
      clearTimeout(this.timer);
      if (this.sharp) peer.wholePictures();
      else if (peer.senders) void encode(peer.senders.camera, { maxBitrate: smallBitrate });
      this.set({ connected: true, stream: peer.stream, screen: peer.screen });
    } else if (state === "disconnected") this.soon(lostMs);
    else if (state === "failed") this.lost();
  }

  private soon(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.lost();
    }, ms);
  }

  private lost(): void {
    if (this.closed || this.peer?.pc.connectionState === "connected") return;
    this.state.set(apart);
    this.begin();
  }

  private tell(): void {
    const { channel } = this.peer ?? {};
    if (channel?.readyState !== "open") return;
    const { mic, camera, sharing, held } = this.branch.state;
    const on = (what: boolean): boolean => what && !held;
    channel.send(
      JSON.stringify({
        t: "state",
        mic: on(mic === "ok"),
        camera: on(camera === "ok"),
        sharing: on(sharing),
        screen: true,
      }),
    );
  }

  private set(change: Partial<PairState>): void {
    this.state.set({ ...this.state.value, ...change });
  }
}

function carries(sdp: string, fingerprint: Bytes | undefined): boolean {
  try {
    return fingerprint !== undefined && sameBytes(fingerprintOf(sdp), fingerprint);
  } catch {
    return false;
  }
}
