/** Programs that follow links in mails touch nothing, and do not stay that long. */
const dwellMs = 20_000;
const againMs = 60_000;

/** Tells that a person has the page before them, once a minute at most. */
export function whenLookedAt(tell: () => void): void {
  let told = Number.NEGATIVE_INFINITY;
  let dwelling: ReturnType<typeof setTimeout> | undefined;
  const looked = (): void => {
    if (performance.now() - told < againMs) return;
    told = performance.now();
    tell();
  };
  const dwell = (): void => {
    clearTimeout(dwelling);
    if (document.visibilityState === "visible") dwelling = setTimeout(looked, dwellMs);
  };
  for (const kind of ["pointerdown", "keydown", "wheel"])
    globalThis.addEventListener(kind, looked, { capture: true, passive: true });
  document.addEventListener("visibilitychange", dwell);
  dwell();
}
