/** More than pages say that lose each other again and again (an offer, an answer and what asks for them), or people write. */
export const mostPassed = 30;

/** How much of what one guest says is passed on to the others: the advisor's network carries all of it once more. */
export class Passes {
  private left: number;
  private at = performance.now();

  constructor(
    private readonly most = mostPassed,
    private readonly perMs = 0.001,
  ) {
    this.left = most;
  }

  /** Takes one; false where it is too much. */
  take(): boolean {
    const now = performance.now();
    this.left = Math.min(this.most, this.left + (now - this.at) * this.perMs);
    this.at = now;
    return this.left >= 1 && this.left-- > 0;
  }
}
