import type { Point } from "../call/channel";

/** As often as an eye follows it, whatever the mouse reports. */
const everyMs = 50;
/** A hand that rests points no more. */
const restMs = 3_000;

/** Where this person points at on the other side's screen: tells it as it moves, and that it is over. */
export class Pointer {
  private latest: Point | undefined;
  private told: Point | undefined;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (at: Point | undefined) => void) {}

  move(at: Point): void {
    this.latest = at;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.away(), restMs);
    if (this.pause === undefined) this.say();
  }

  away(): void {
    clearTimeout(this.rest);
    clearTimeout(this.pause);
    this.pause = undefined;
    this.latest = undefined;
    if (this.told === undefined) return;
    this.told = undefined;
    this.tell(undefined);
  }

  private say(): void {
    this.pause = undefined;
    if (this.latest === undefined || this.latest === this.told) return;
    this.told = this.latest;
    this.tell(this.told);
    this.pause = setTimeout(() => this.say(), everyMs);
  }
}
