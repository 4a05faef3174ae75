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

/**
 * ICE restarts by either side (perfect negotiation, WebRTC §10.7): when both begin at once, the polite side takes its
 * own offer back and answers the other. One offer is under way at a time; a lost one is taken back and may be repeated.
 */
export class Negotiation {
  private offering = false;

  constructor(
    private readonly pc: Negotiable,
    private readonly polite: boolean,
    private readonly send: (signal: RestartSignal) => Promise<void>,
  ) {}

  /** An offer of ours waits for its answer. */
  get underWay(): boolean {
    return this.offering || this.pc.signalingState !== "stable";
  }

  async restart(): Promise<void> {
    if (this.underWay) return;
    this.offering = true;
    try {
      const offer = await this.pc.createOffer({ iceRestart: true });
      // The other side's offer may have come while ours was being made; then it is answered, and ours is not needed.
      if (this.pc.signalingState !== "stable") return;
      await this.pc.setLocalDescription(offer);
      await this.send({ kind: "restart-offer", sdp: outgoing(offer.sdp ?? "") });
    } catch (error) {
      if (this.pc.signalingState === "have-local-offer")
        await this.pc.setLocalDescription({ type: "rollback" });
      throw error;
    } finally {
      this.offering = false;
    }
  }

  async takeOffer(sdp: string): Promise<void> {
    const collision = this.underWay;
    if (collision && !this.polite) return;
    // Takes back an offer of ours by itself where there is one.
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    const answer = await this.pc.createAnswer();
    await this.pc.setLocalDescription(answer);
    await this.send({ kind: "restart-answer", sdp: outgoing(answer.sdp ?? "") });
  }

  async takeAnswer(sdp: string): Promise<void> {
    // An answer to an offer that was taken back.
    if (this.pc.signalingState !== "have-local-offer") return;
    await this.pc.setRemoteDescription({ type: "answer", sdp });
  }
}
