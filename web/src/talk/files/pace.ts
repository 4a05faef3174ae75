/** In bytes a second. The relay lets a side send 8 Mbit/s in all; voice and pictures must have their part of it. */
const fast = 500_000;
/** While the connection is weak, and what is said goes first. */
const patient = 25_000;
/** In seconds: what may be made up for after a timer that came late, as in a window that nobody sees. */
const most = 0.5;

/** How fast files leave this page, all of them together. */
export class Pace {
  weak = false;
  private owed = 0;
  private at = performance.now();

  constructor(private readonly usual = fast) {}

  /** In ms: how long to wait before so many bytes may go, which count as gone. */
  take(bytes: number): number {
    const rate = this.weak ? patient : this.usual;
    const now = performance.now();
    this.owed = Math.max(-most * rate, this.owed - ((now - this.at) / 1_000) * rate) + bytes;
    this.at = now;
    return Math.max(0, (this.owed / rate) * 1_000);
  }
}
