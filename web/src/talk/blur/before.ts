/**
 * A background is blurred, or was promised to be: `seen` with the camera on, `hidden` with the camera off; undefined where
 * nobody wants it.
 */
export type Veil = "seen" | "hidden" | undefined;

type Kept = { blur?: unknown } | null;

/** What was so before this page was loaded anew; kept with the page's place in the history. */
export function veiledBefore(): Veil {
  const blur = (history.state as Kept)?.blur;
  if (blur === undefined) return undefined;
  return blur === "seen" ? "seen" : "hidden";
}

export function keepVeiled(veil: Veil): void {
  if (veiledBefore() !== veil) history.replaceState({ ...(history.state as Kept), blur: veil }, "");
}
