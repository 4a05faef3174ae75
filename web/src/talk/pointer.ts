import type { Added } from "../call/channel";

/** A place on a picture, from its upper left, in parts of its width and height: 0 to 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the other side points at; undefined: nowhere. Undefined also for what is no place. */
export function pointOf({ at }: Added): Point | undefined {
  const { x, y } = (at ?? {}) as Record<string, unknown>;
  return isPart(x) && isPart(y) ? { x, y } : undefined;
}

function isPart(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

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
