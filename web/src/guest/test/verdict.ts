import type { PathResult } from "../../call/paths";

export type Verdict = "good" | "detour" | "none";

/** UDP is the good way; every other one works, with a little more delay; none means that the network forbids it. */
export function verdictOf(results: readonly PathResult[]): Verdict {
  if (results.some(({ path, ok }) => path === "udp" && ok)) return "good";
  return results.some(({ ok }) => ok) ? "detour" : "none";
}
