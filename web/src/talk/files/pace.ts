/**
 * In bytes a second. The relay lets a side send 8 Mbit/s in all, with headers, which make a tenth more of a file; beyond
 * that it drops whatever comes, voice too. What is said and the camera take 1.6 of it at most, and a screen 2 more
 * (call/peer): files get what is left, less a little.
 */
const fast = 700_000;
const besideScreen = 500_000;
/** While the connection is weak, and what is said goes first. */
const patient = 25_000;
/**
 * In seconds: what may be made up for after a timer that came late, as in a window that nobody sees. Less than the 250 kB
 * that the relay takes at once.
 */
const most = 0.25;

/** How fast files leave this page, all of them together. */
export class Pace {
  weak = false;
  /** This side shows its screen, too. */
  sharing = false;
  private owed = 0;
  private at = performance.now();

  constructor(private readonly usual = fast) {}

  /** In ms: how long to wait before so many bytes may go, which count as gone. */
  take(bytes: number): number {
    const rate = this.weak ? patient : this.sharing ? Math.min(besideScreen, this.usual) : this.usual;
    const now = performance.now();
    this.owed = Math.max(-most * rate, this.owed - ((now - this.at) / 1_000) * rate) + bytes;
    this.at = now;
    return Math.max(0, (this.owed / rate) * 1_000);
  }
}
