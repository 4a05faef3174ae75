import { after } from "./after";

export type Unsubscribe = () => void;

/** A value that tells its listeners of every new version; the versions themselves never change. */
export class Store<T> {
  private readonly listeners = new Set<(value: T) => void>();
  private told: T;
  private still = 0;

  constructor(private current: T) {
    this.told = current;
  }

  get value(): T {
    return this.current;
  }

  set(next: T): void {
    if (next === this.current) return;
    this.current = next;
    if (this.still === 0) this.tell();
  }

  /**
   * The value goes on changing, and listeners hear of it only after `mostMs`, or once `until` has settled: a page is not
   * drawn while its thread has something better to do.
   */
  keepStill(mostMs: number, until?: Promise<unknown>): void {
    this.still++;
    const done = (): void => {
      this.still--;
      if (this.still === 0 && this.current !== this.told) this.tell();
    };
    const late = after(mostMs);
    void (until ? Promise.race([until, late]) : late).then(done, done);
  }

  /** Calls at once with the present value, then with each new one: what Svelte calls a store. */
  subscribe(listener: (value: T) => void): Unsubscribe {
    this.listeners.add(listener);
    listener(this.current);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private tell(): void {
    this.told = this.current;
    // One of them may set a newer one: those that come after it must not be left with the older.
    for (const listener of [...this.listeners]) listener(this.current);
  }
}
