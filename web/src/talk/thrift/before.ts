import { type Level, levelOf } from "./levels";

type Kept = { thrift?: unknown } | null;

/** What was wanted before this page was loaded anew; kept with the page's place in the history. */
export function sparedBefore(): Level {
  return levelOf((history.state as Kept)?.thrift);
}

export function keepSpared(level: Level): void {
  history.replaceState({ ...(history.state as Kept), thrift: level === "full" ? undefined : level }, "");
}
