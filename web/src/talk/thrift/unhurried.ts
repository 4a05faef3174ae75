/** Obeys the latest of what is wished, and no more often than every so many ms: whoever changes their mind all the time is slow to get it. */
export class Unhurried<T> {
  private obeyedAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wished: T | undefined;

  constructor(
    private readonly pauseMs: number,
    private readonly obey: (wish: T) => void,
  ) {}

  wish(wish: T): void {
    this.wished = wish;
    if (this.timer !== undefined) return;
    const wait = this.obeyedAt + this.pauseMs - performance.now();
    if (wait <= 0) this.go(wish);
    else
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.go(this.wished as T);
      }, wait);
  }

  /** What was wished and not obeyed yet never is. */
  forget(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private go(wish: T): void {
    this.obeyedAt = performance.now();
    this.obey(wish);
  }
}
