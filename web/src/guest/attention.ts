import { playChime, playRing } from "../call/sound";

const burstMs = 2_500;

/** Calls a person to the page: once with a chime when it is on the screen, until told to stop when it is not. */
export class Attention {
  private timer: ReturnType<typeof setInterval> | undefined;

  chime(): void {
    void playChime().catch(() => undefined);
    vibrate([200]);
  }

  ring(): void {
    if (this.timer !== undefined) return;
    const burst = (): void => {
      void playRing().catch(() => undefined);
      vibrate([400, 200, 400]);
    };
    burst();
    this.timer = setInterval(burst, burstMs);
  }

  stop(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    vibrate([0]);
  }
}

function vibrate(pattern: number[]): void {
  // Refused, and noted in the console, on a page that nobody has touched yet.
  // Firefox before 120 does not tell.
  const touched = !("userActivation" in navigator) || navigator.userActivation.hasBeenActive;
  if ("vibrate" in navigator && touched) navigator.vibrate(pattern);
}
