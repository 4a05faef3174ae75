import { outgoing } from "./sdp";

/** What perfect negotiation needs of a connection; small, so that a test can stand in for it. */
export interface Negotiable {
  readonly signalingState: RTCSignalingState;
  createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit>;
  createAnswer(): Promise<RTCSessionDescriptionInit>;
  setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
}

export type RestartSignal = { kind: "restart-offer" | "restart-answer"; sdp: string };

/** An answer may wait for a page that has lost its network; after that long it does not come. */
const answerMs = 30_000;

/**
 * ICE restarts by either side (perfect negotiation, WebRTC §10.7): when both begin at once, the polite side gives way and
 * answers the other. One offer is under way at a time. An offer comes into force only once it is on its way: Chromium
 * may go on without any picture after an offer was taken back, so one that reaches nobody must leave no trace.
 */
export class Negotiation {
  private offering = false;
  private gaveWay = false;
  private offeredAt = 0;
  /** Settled once our offer is in force, or will not be. */
  private inForce: Promise<void> = Promise.resolve();

  constructor(
    private readonly pc: Negotiable,
    private readonly polite: boolean,
    private readonly send: (signal: RestartSignal) => Promise<void>,
  ) {}

  /** An offer of ours waits for its answer. */
  get underWay(): boolean {
    return this.offering || this.pc.signalingState !== "stable";
  }

  /** That answer is not to be expected any more: it was refused, or got lost with the page that gave it. */
  get unanswered(): boolean {
    const waits = !this.offering && this.pc.signalingState === "have-local-offer";
    return waits && performance.now() - this.offeredAt > answerMs;
  }

  async restart(): Promise<void> {
    if (this.underWay) return;
    this.offering = true;
    this.gaveWay = false;
    const sent = this.sendOffer();
    this.inForce = sent.catch(() => undefined);
    try {
      await sent;
    } finally {
      this.offering = false;
    }
  }

  async takeOffer(sdp: string): Promise<void> {
    if (this.underWay && !this.polite) return;
    this.gaveWay = true;
    // Takes back an offer of ours by itself where one is in force.
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    const answer = await this.pc.createAnswer();
    await this.pc.setLocalDescription(answer);
    await this.send({ kind: "restart-answer", sdp: outgoing(answer.sdp ?? "") });
  }

  async takeAnswer(sdp: string): Promise<void> {
    // The answer may be here before our own request has come back.
    await this.inForce;
    // An answer to an offer that was taken back.
    if (this.pc.signalingState !== "have-local-offer") return;
    await this.pc.setRemoteDescription({ type: "answer", sdp });
  }

  private async sendOffer(): Promise<void> {
    const offer = await this.pc.createOffer({ iceRestart: true });
    // The other side's offer may have come while ours was being made; then it is answered, and ours is not needed.
    if (this.pc.signalingState !== "stable") return;
    await this.send({ kind: "restart-offer", sdp: outgoing(offer.sdp ?? "") });
    this.offeredAt = performance.now();
    if (!this.gaveWay) await this.pc.setLocalDescription(offer);
  }
}
