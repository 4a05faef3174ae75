/**
 * What stands behind the # of the address. The secret is read once, sent once in a body, and replaced by the seat's
 * id, which opens nothing without this browser's cookie; it is kept in memory only, to offer the link for copying.
 */
export type Fragment = { secret: string } | { seat: string } | undefined;

export function readFragment(hash: string): Fragment {
  const text = hash.startsWith("#") ? hash.slice(1) : hash;
  if (text === "") return undefined;
  if (text.startsWith("seat=")) return { seat: text.slice("seat=".length) };
  return { secret: text };
}

/** Leaves no trace of the secret in the address bar, the history or a later Referer. */
export function writeSeat(history: History, location: Location, seat: string | undefined): void {
  history.replaceState(history.state, "", `${location.pathname}${seat === undefined ? "" : `#seat=${seat}`}`);
}

/** A page for everybody, whatever the appointment. */
export type OpenPage = "test" | "receipt" | "home" | "unknown";

export type Route = { page: "visit"; agency: string } | { page: OpenPage };

export function routeOf(pathname: string): Route {
  const agency = /^\/t\/([\w-]+)\/?$/.exec(pathname)?.[1];
  if (agency !== undefined) return { page: "visit", agency };
  const page = /^\/(test|receipt)\/?$/.exec(pathname)?.[1] as OpenPage | undefined;
  return { page: page ?? (pathname === "/" ? "home" : "unknown") };
}
