import type { Signal } from "../api/types";
import { Agreement } from "./agreement";
import type { Added, Message, Part } from "./channel";
import { Lines } from "./chat";
import type { Bytes } from "./code";
import { Detour } from "./detour";
import type { Acquired } from "./devices";
import { LocalMedia } from "./local";
import type { CallOptions, Prepared } from "./options";
import { Outbox, type OutgoingSignal } from "./outbox";
import { newCertificate, Peer } from "./peer";
import { persist } from "./persist";
import { play } from "./play";
import { Recovery } from "./recovery";
import { BadDescription } from "./sdp";
import { type Broken, type CallEvent, type CallState, eventOf, initialState, reduce } from "./state";
import { Store, type Unsubscribe } from "./store";
import { Watch } from "./watch";

export type { CallOptions, Prepared };

const byeMs = 250;
const announceMs = 200;

/**
 * A talk between two browsers. The pages know only this class: connection, certificates and signalling are its own.
 * `subscribe` reports every new state; states are snapshots and never change.
 */
export class Call {
  private readonly store = new Store<CallState>(initialState);
  private readonly local: LocalMedia;
  private readonly lines: Lines;
  private readonly detour: Detour;
  private readonly parts = new Set<Part>();
  private certificate: Promise<RTCCertificate>;
  private peer: Peer | undefined;
  private watch: Watch | undefined;
  private generation = 0;
  private seen = 0;
  private agreement: Agreement;
  private readonly recovery: Recovery;
  private readonly outbox: Outbox;
  private answered = false;
  private beside: string | undefined;
  private toldConnected = 0;
  /** Signals are taken one after the other. */
  private inbox: Promise<void> = Promise.resolve();
  private handling = 0;
  private meet: () => void = () => undefined;
  /** Guest: settles once the first answer is in force. */
  readonly met = new Promise<void>((resolve) => {
    this.meet = resolve;
  });

  constructor(readonly options: CallOptions) {
    this.certificate = newCertificate();
    this.agreement = this.newAgreement();
    this.recovery = new Recovery(options.side);
    this.outbox = new Outbox(
      (signal, abort) => options.send(signal, abort),
      (generation) => this.state.phase === "ended" || generation < this.generation,
    );
    this.detour = new Detour(() => options.detour(), options.detouring ?? false);
    this.local = new (options.media ?? LocalMedia)((local) => {
      this.apply({ type: "local", local });
      this.tellState();
    });
    this.lines = new Lines(
      {
        message: (message) => {
          this.hear(message);
        },
        opened: () => {
          this.channelOpened();
        },
        other: () => options.other?.() ?? "",
      },
      options.side === "guest",
    );
    if (options.side === "staff") {
      this.local.attach();
      // Made before there is anybody to answer: the first connection of a page takes the browser longest.
      void this.newPeer().catch(() => undefined);
    }
    globalThis.document.addEventListener("visibilitychange", this.visibility);
    globalThis.addEventListener("online", this.online);
  }

  get state(): CallState {
    return this.store.value;
  }

  /** Only the way through the port of HTTPS has led to the relay. */
  get detours(): boolean {
    return this.detour.taken;
  }

  subscribe(listener: (state: CallState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  /** Guest: certificate, commitment and offer, made before waiting. */
  async prepare(): Promise<Prepared> {
    const peer = await this.newPeer();
    const { agreement } = this;
    await this.detour.prepare(peer);
    const offer = await peer.unlessClosed(peer.offer());
    this.local.connect(peer.senders);
    return { commit: await agreement.commit(known(peer.localFingerprint)), offer };
  }

  /** Takes a signal from the stream; replayed ones and those of a past generation are ignored. */
  handle(signal: Signal): Promise<void> {
    // At once where nothing is under way: the browser works on a description while the page is drawn anew.
    const next = this.handling++ === 0 ? this.take(signal) : this.inbox.then(() => this.take(signal));
    this.inbox = next
      .catch(() => undefined)
      .finally(() => {
        this.handling--;
      });
    return next;
  }

  /** What was opened in the device check, or beside the admission. */
  useLocal(acquired: Acquired): void {
    this.local.use(acquired);
  }

  /** Guest: the moment of warning is over, sound and picture may go out. */
  attach(): void {
    this.local.attach();
  }

  /** Guest: the person is there. */
  enter(generation: number): void {
    this.outbox.post({ kind: "enter", generation });
  }

  setMic(on: boolean): Promise<void> {
    return this.local.setMic(on);
  }

  setCamera(on: boolean): Promise<void> {
    return this.local.setCamera(on);
  }

  useCamera(id: string): Promise<void> {
    return this.local.useCamera(id);
  }

  useMicrophone(id: string): Promise<void> {
    return this.local.useMicrophone(id);
  }

  /** How devices are opened from now on (see talk/finer). */
  openBy(open: LocalMedia["openBy"]): void {
    this.local.openBy = open;
  }

  /** Shows a screen to the other side, or shows it no more (see talk/sharing). */
  show(screen: MediaStream | undefined): void {
    this.local.show(screen);
  }

  /** Halts the talk on this side: nothing goes out, and nothing of the other side is heard or seen (see talk/hold). */
  hold(on: boolean): void {
    this.local.hold(on);
  }

  /** Sends what the call knows nothing of; false where it cannot leave now. */
  tell(message: Added): boolean {
    return this.lines.send(message);
  }

  /** Whoever has words of their own for the other page (see Added). */
  attend(part: Part): Unsubscribe {
    this.parts.add(part);
    if (this.lines.open) this.ready([part]);
    return () => this.parts.delete(part);
  }

  /** Shows the other side in an element; a browser that wants a touch first is reported as `autoplayBlocked`. */
  play(element: HTMLMediaElement): Promise<void> {
    return play(element, (blocked) => {
      this.apply({ type: "autoplay", blocked });
    });
  }

  sendChat(text: string): void {
    const said = this.lines.say(text);
    if (said)
      this.apply({ type: "chat", message: { ...said, mine: true, at: Date.now(), delivered: false } });
  }

  markCompared(): void {
    this.apply({ type: "compared", side: "mine" });
    this.lines.send({ t: "compared" });
  }

  /** Ends this side; the other one is told. */
  close(): void {
    if (this.state.phase === "ended") return;
    this.lines.send({ t: "bye" });
    this.finish();
    const { peer } = this;
    // A moment for the good-bye to leave.
    setTimeout(() => peer?.close(), byeMs);
  }

  private finish(): void {
    this.apply({ type: "ended" });
    this.local.close();
    this.detour.stop();
    this.watch?.stop();
    globalThis.document.removeEventListener("visibilitychange", this.visibility);
    globalThis.removeEventListener("online", this.online);
  }

  private async newPeer(): Promise<Peer> {
    const certificate = await this.certificate;
    if (this.state.phase === "ended") throw new Error("ended");
    this.watch?.stop();
    this.detour.stop();
    this.peer?.close();
    this.answered = false;
    this.agreement = this.newAgreement();
    this.recovery.begin();
    const peer: Peer = new Peer(
      this.options.side,
      certificate,
      (signal) => this.sendRestart({ ...signal, generation: this.generation }),
      {
        connection: (state) => {
          if (peer === this.peer && state === "connected") void this.connected(peer);
        },
        iceFailed: () => {
          if (peer === this.peer) this.cutOff();
        },
        handshakeFailed: () => {
          if (peer === this.peer) this.stop("intercepted");
        },
        flowing: (kind, flowing) => {
          if (peer === this.peer) this.flows(kind, flowing);
        },
      },
    );
    this.peer = peer;
    this.lines.connect(peer.channel);
    return peer;
  }

  private newAgreement(): Agreement {
    return new Agreement(this.options.side, () => ({
      agency: this.options.agency,
      seat: this.options.seat(),
    }));
  }

  /** An offer that does not arrive is soon followed by another; an answer is waited for. */
  private sendRestart(signal: OutgoingSignal): Promise<void> {
    return signal.kind === "restart-answer" ? this.outbox.deliver(signal) : this.outbox.attempt(signal);
  }

  private async take(signal: Signal): Promise<void> {
    if (this.state.phase === "ended") return;
    if (signal.generation < this.generation || (signal.seq !== 0 && signal.seq <= this.seen)) return;
    this.seen = Math.max(this.seen, signal.seq);
    switch (this.options.side === "staff" ? `staff ${signal.kind}` : `guest ${signal.kind}`) {
      case "staff offer":
        return this.takeOffer(signal);
      case "guest answer":
        return this.takeAnswer(signal);
      case "staff reveal":
        return this.takeReveal(signal);
      case "guest renew":
        return this.renew(signal.generation);
      case "staff restart-offer":
      case "guest restart-offer":
      case "staff restart-answer":
      case "guest restart-answer":
        return this.takeRestart(signal);
      default:
    }
  }

  private async takeOffer({ generation, sdp, commit }: Signal): Promise<void> {
    if (sdp === undefined || commit === undefined) return;
    if (generation === this.generation) return;
    const used = this.generation !== 0 || !this.peer;
    this.generation = generation;
    this.meetWhoever();
    const peer = used ? await this.newPeer() : (this.peer ?? (await this.newPeer()));
    this.agreement.hold(commit);
    this.begin(peer);
    if (this.detour.taken) await this.detour.prepare(peer);
    const nonce = this.agreement.ownNonce;
    const taken = await this.guarded(peer, () =>
      peer.answer(sdp, (answer) => {
        this.outbox.post({ kind: "answer", generation, sdp: answer, nonce });
      }),
    );
    if (!taken) return;
    this.local.connect(peer.senders);
    this.answered = true;
  }

  private async takeAnswer({ generation, sdp, nonce }: Signal): Promise<void> {
    const { peer } = this;
    // One answer for one offer: after the reveal a second one could be chosen to fit.
    if (!peer || this.answered || sdp === undefined || nonce === undefined) return;
    this.generation = generation;
    this.answered = true;
    this.meetWhoever();
    this.agreement.accept(nonce);
    this.outbox.post({ kind: "reveal", generation, nonce: this.agreement.ownNonce });
    this.begin(peer);
    const accepted = await this.guarded(peer, () => peer.accept(sdp));
    this.meet();
    if (accepted) await this.showCode(peer);
  }

  /** What is shown to one person is not for the next one: who leads the talk from now on, or has the other device. */
  private meetWhoever(): void {
    const other = this.options.other?.();
    if (!other) return;
    if (this.beside !== undefined && this.beside !== other) this.local.show(undefined);
    this.beside = other;
  }

  private async takeReveal({ nonce }: Signal): Promise<void> {
    const { peer, agreement } = this;
    if (!peer || nonce === undefined) return;
    if (await agreement.reveal(nonce, known(peer.remoteFingerprint))) await this.showCode(peer);
    else this.stop("intercepted");
  }

  private async takeRestart({ kind, sdp }: Signal): Promise<void> {
    const { peer } = this;
    if (!peer || !this.answered || sdp === undefined) return;
    if (!peer.isSamePeer(sdp)) {
      this.stop("intercepted");
      return;
    }
    const { negotiation } = peer;
    await peer.unlessClosed(
      kind === "restart-offer" ? negotiation.takeOffer(sdp) : negotiation.takeAnswer(sdp),
    );
  }

  /** Guest: a new connection, because the other page is new (`generation` given) or this one got nowhere. */
  async renew(generation?: number): Promise<void> {
    const { renew } = this.options;
    if (!renew || this.state.phase === "ended") return;
    const prepared = await this.prepare();
    if (generation !== undefined) this.generation = generation;
    const offered = { ...prepared, ...(generation === undefined ? {} : { generation }) };
    const { peer } = this;
    this.generation = await persist(
      () => renew(offered),
      () => this.state.phase === "ended" || peer !== this.peer,
    );
  }

  /** Runs a step with the other side's description; one that is of no use ends the talk. */
  private async guarded(peer: Peer, step: () => Promise<void>): Promise<boolean> {
    try {
      await peer.unlessClosed(step());
      return true;
    } catch (error) {
      if (peer !== this.peer || this.state.phase === "ended") return false;
      this.stop(error instanceof BadDescription ? "intercepted" : "incompatible");
      return false;
    }
  }

  private begin(peer: Peer): void {
    this.apply({ type: "connecting", stream: peer.stream, screen: peer.screen });
    this.detour.watch(
      () => peer.reachesRelay,
      () => {
        this.cutOff();
      },
    );
    this.watch?.stop();
    this.watch = new Watch(() => peer.pc.getStats(), {
      looked: () => {
        if (!this.local.sends) this.lines.send({ t: "here" });
        if (peer.overdue) void this.renew().catch(() => undefined);
      },
      quality: (quality, look) => {
        if (look === "good") peer.wholePictures();
        this.apply({ type: "quality", quality });
      },
      silent: (ms) => {
        this.lost(ms);
      },
      flowing: () => {
        this.restored();
      },
    });
  }

  private async connected(peer: Peer): Promise<void> {
    // After an interruption it counts only once media flow, which is when the other side can be sent pictures, too.
    if (!this.recovery.interrupted) this.apply({ type: "connected", at: Date.now() });
    await this.showCode(peer);
  }

  /** Both nonces known, connected, and the certificates in use are those that were pinned. */
  private async showCode(peer: Peer): Promise<void> {
    const { agreement } = this;
    if (!agreement.complete || peer.pc.connectionState !== "connected") return;
    if (!(await peer.usesPinnedCertificates().catch(() => false))) {
      if (peer === this.peer && peer.pc.connectionState === "connected") this.stop("intercepted");
      return;
    }
    const code = await agreement.code(known(peer.localFingerprint), known(peer.remoteFingerprint));
    if (peer === this.peer && code !== undefined) this.apply({ type: "code", code });
  }

  /** Nothing goes out any more, and the person learns why. */
  private stop(reason: Broken): void {
    this.apply({ type: "broken", reason });
    this.finish();
    this.peer?.close();
  }

  private flows(kind: "audio" | "camera" | "screen", flowing: boolean): void {
    if (flowing) this.announce();
    const { remote } = this.state;
    if (kind === "camera" && flowing && !remote.camera)
      this.apply({ type: "remote", remote: { camera: true } });
    if (kind === "audio" && flowing && !remote.mic) this.apply({ type: "remote", remote: { mic: true } });
  }

  /**
   * Something arrived that came all the way: the server may note the time, once for each generation. Not at once, as
   * the first picture is still on its way.
   */
  private announce(): void {
    const { generation } = this;
    if (this.toldConnected === generation) return;
    this.toldConnected = generation;
    setTimeout(() => {
      if (this.state.phase !== "ended") this.outbox.post({ kind: "connected", generation });
    }, announceMs);
  }

  /** Not even the relay is reached: time for the detour. */
  private cutOff(): void {
    this.detour.take();
    this.lost(Number.POSITIVE_INFINITY);
  }

  private lost(silent: number): void {
    const { peer } = this;
    if (!peer || !this.answered || this.state.phase === "ended" || !this.recovery.silent(silent)) return;
    this.apply({ type: "reconnecting" });
    if (peer.negotiation.unanswered) void this.renew().catch(() => undefined);
    if (peer.negotiation.underWay) return;
    const now = Date.now();
    const next = this.recovery.next(now);
    if (next === "renew") void this.renew().catch(() => undefined);
    else if (next === "restart") void this.restart(peer, now);
  }

  private async restart(peer: Peer, now: number): Promise<void> {
    try {
      await this.detour.prepare(peer);
      await peer.negotiation.restart();
    } catch (error) {
      this.recovery.failed(error, now);
    }
  }

  private restored(): void {
    if (!this.recovery.interrupted || this.peer?.pc.connectionState !== "connected") return;
    this.recovery.restored();
    this.peer.refreshPictures();
    this.apply({ type: "connected", at: Date.now() });
    this.apply({ type: "quality", quality: "weak" });
  }

  private readonly online = (): void => {
    this.recovery.online();
    this.outbox.hurry();
  };

  private readonly visibility = (): void => {
    this.tellState();
  };

  private channelOpened(): void {
    this.announce();
    this.tellState();
    this.ready(this.parts);
    if (this.state.codeCompared.mine) this.lines.send({ t: "compared" });
  }

  private ready(parts: Iterable<Part>): void {
    const { peer } = this;
    if (!peer) return;
    const other = this.options.other?.() ?? "";
    const { quick, files, pc, senders } = peer;
    for (const part of parts) part.opened?.({ quick, files, pc, senders, other });
  }

  private tellState(): void {
    const { mic, camera, sharing, held } = this.local.state;
    const screen = document.visibilityState === "visible";
    const sends = (on: boolean): boolean => on && !held;
    this.lines.send({
      t: "state",
      mic: sends(mic === "ok"),
      camera: sends(camera === "ok"),
      screen,
      sharing: sends(sharing),
    });
  }

  private hear(message: Message): void {
    if (message.t === "state") this.watch?.expect(message.mic || message.camera || message.sharing);
    if (message.t === "here") this.watch?.heard();
    else if (message.t === "more") for (const part of this.parts) part.heard(message.message);
    else this.apply(eventOf(message, Date.now()));
  }

  private apply(event: CallEvent): void {
    this.store.set(reduce(this.store.value, event));
  }
}

function known(fingerprint: Bytes | undefined): Bytes {
  if (!fingerprint) throw new Error("not yet");
  return fingerprint;
}
