/** More than honest pages ever say at once: all lines again, each with its receipt, on several connections in a row. */
export const mostAtOnce = 1_000;
/** More than they say all the time: typing, pointing, signs of life. */
const perMs = 0.1;

/** How much of what the other page says is read at all: whoever floods this one loses what is too much, unread. */
export class Allowance {
  private left = mostAtOnce;
  private at = 0;

  /** Takes one message; false where it is too much. */
  take(): boolean {
    const now = performance.now();
    this.left = Math.min(mostAtOnce, this.left + (now - this.at) * perMs);
    this.at = now;
    return this.left >= 1 && this.left-- > 0;
  }
}
