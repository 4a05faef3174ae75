import {
  type Bytes,
  commitment,
  decodeBase64url,
  encodeBase64url,
  isCommitted,
  newNonce,
  safetyCode,
} from "./code";

export type Side = "guest" | "staff";

export interface Place {
  /** The agency's slug. */
  agency: string;
  /** The seat's id. */
  seat: string;
}

/**
 * What two browsers must agree on before they show a safety code: the nonces of one connection, and the guest's
 * commitment to its own (docs/protocol.md §4). Knows certificates by their fingerprints, and no connection.
 */
export class Agreement {
  private readonly nonce = newNonce();
  private other: Bytes | undefined;
  private committed: string | undefined;

  constructor(
    private readonly side: Side,
    private readonly place: () => Place,
  ) {}

  /** This side's nonce as it travels. The guest's only does when the advisor's is here. */
  get ownNonce(): string {
    return encodeBase64url(this.nonce);
  }

  /** Guest: what goes ahead with the offer. */
  commit(own: Bytes): Promise<string> {
    const { agency, seat } = this.place();
    return commitment(agency, seat, own, this.nonce);
  }

  /** Staff: the guest's commitment, which came with its offer. */
  hold(commit: string): void {
    this.committed ??= commit;
  }

  /** Guest: the advisor's nonce, which came with the answer. The first one counts. */
  accept(nonce: string): void {
    this.other ??= decodeBase64url(nonce);
  }

  /** Staff: the guest's nonce. False when it, or the certificate, is not what the guest committed itself to. */
  async reveal(nonce: string, other: Bytes): Promise<boolean> {
    if (this.other || this.committed === undefined) return true;
    const revealed = decodeBase64url(nonce);
    const { agency, seat } = this.place();
    if (!revealed || !(await isCommitted(this.committed, agency, seat, other, revealed))) return false;
    this.other = revealed;
    return true;
  }

  /** Six digits; undefined before both nonces are known. */
  async code(own: Bytes, other: Bytes): Promise<string | undefined> {
    if (!this.other) return undefined;
    const staff = this.side === "staff";
    return safetyCode({
      ...this.place(),
      staffFingerprint: staff ? own : other,
      guestFingerprint: staff ? other : own,
      staffNonce: staff ? this.nonce : this.other,
      guestNonce: staff ? this.other : this.nonce,
    });
  }

  get complete(): boolean {
    return this.other !== undefined;
  }
}
