/** How long the usual ways may take to lead to the relay; two round trips of a slow phone take less. */
const patienceMs = 2_500;

/**
 * Notices that this browser does not reach the relay over UDP or TCP, and gets the way through the port of HTTPS. Until
 * then nothing is looked for there, so that the usual ways stay as fast as they are.
 */
export class Detour {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly ask: () => Promise<RTCIceServer[]>,
    private needed: boolean,
  ) {}

  get taken(): boolean {
    return this.needed;
  }

  take(): void {
    this.needed = true;
  }

  /** Calls `missing` again and again while the relay is not reached. */
  watch(reached: () => boolean, missing: () => void): void {
    this.stop();
    this.timer = setInterval(() => {
      if (reached()) return;
      this.take();
      missing();
    }, patienceMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Before a description that begins anew, if the detour is needed. Credentials live for minutes, so each has its own. */
  async prepare(connection: { useServers(servers: RTCIceServer[]): void }): Promise<void> {
    if (!this.needed) return;
    const servers = await this.ask().catch(() => undefined);
    if (!servers) return;
    if (servers.length > 0) {
      connection.useServers(servers);
      return;
    }
    // There is no such way here, and beginning anew sooner than usual does not help.
    this.needed = false;
    this.stop();
  }
}
