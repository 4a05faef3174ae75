/** More than a whole form with all that stands in it ever takes, told twice. */
const mostAtOnce = 300;
/** More than two who type, move and point say all the time. */
const perMs = 0.04;

/** How much of what the other page says about a form is looked at: what is too much is lost, unread. */
export class Patience {
  private left = mostAtOnce;
  private at = performance.now();

  take(): boolean {
    const now = performance.now();
    this.left = Math.min(mostAtOnce, this.left + (now - this.at) * perMs);
    this.at = now;
    return this.left >= 1 && this.left-- > 0;
  }
}
