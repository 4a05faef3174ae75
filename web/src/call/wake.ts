/** Keeps the screen on while somebody waits or talks; the system takes the lock away whenever the page is hidden. */
export class ScreenAwake {
  private wanted = false;
  private lock: WakeLockSentinel | undefined;
  private asking = false;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      void this.update();
    });
  }

  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    void this.update();
  }

  private async update(): Promise<void> {
    if (!this.wanted) {
      const { lock } = this;
      this.lock = undefined;
      await lock?.release().catch(() => undefined);
      return;
    }
    if (this.asking || !("wakeLock" in navigator) || document.visibilityState !== "visible") return;
    if (this.lock && !this.lock.released) return;
    this.asking = true;
    // Refused when the battery is low: then the screen may go dark, and ringing has to do.
    this.lock = await navigator.wakeLock.request("screen").catch(() => undefined);
    this.asking = false;
    if (!this.wanted) await this.update();
  }
}
