/** Of packets; one that is lost takes all of its sound along. */
const lossy = 0.05;
/** A queue that has just been relieved still loses some. */
const settled = 3;
/** So many looks in a row. */
const believe = 2;

/**
 * How a thin voice is packed. Long packets spare headers, which are more than half of what a voice takes; short ones can be
 * repaired from the next one (RFC 6716 §2.1.7). A way that loses packets although there is room on it wants short ones.
 */
export class Packing {
  private looks = 0;
  private lossyLooks = 0;
  private short = false;

  /** True where packets are to be long. */
  take(thin: boolean, lostThere: number): boolean {
    if (!thin) {
      this.looks = this.lossyLooks = 0;
      this.short = false;
      return false;
    }
    if (++this.looks > settled) this.lossyLooks = lostThere > lossy ? this.lossyLooks + 1 : 0;
    if (this.lossyLooks >= believe) this.short = true;
    return !this.short;
  }
}
