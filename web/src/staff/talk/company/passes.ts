/** More than pages say that lose each other again and again: an offer, an answer and what asks for them. */
export const mostPassed = 30;
const perMs = 0.001;

/** How many descriptions of one guest are passed on to the others: the advisor's network carries each of them once more. */
export class Passes {
  private left = mostPassed;
  private at = performance.now();

  /** Takes one; false where it is too much. */
  take(): boolean {
    const now = performance.now();
    this.left = Math.min(mostPassed, this.left + (now - this.at) * perMs);
    this.at = now;
    return this.left >= 1 && this.left-- > 0;
  }
}
