/** The time by the server's clock, for texts such as "in 12 Minuten". It moves only while somebody listens. */
export class Clock {
  #now = $state(Date.now());
  #offset = 0;

  constructor(everyMs: number, offset = 0) {
    this.#offset = offset;
    this.#now = Date.now() + offset;
    $effect(() => {
      const timer = setInterval(() => {
        this.#now = Date.now() + this.#offset;
      }, everyMs);
      return () => {
        clearInterval(timer);
      };
    });
  }

  get now(): number {
    return this.#now;
  }

  set offset(offset: number) {
    this.#offset = offset;
    this.#now = Date.now() + offset;
  }
}
