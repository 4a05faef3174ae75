const soon = 10 * 60_000;

/** How near the time is until which somebody can wait. */
export function nearness(until: number, now: number): "far" | "soon" | "over" {
  if (until <= now) return "over";
  return until - now <= soon ? "soon" : "far";
}
