import { readFragment } from "./link";

export interface PageListener {
  /** The page came to the screen, or left it. */
  onVisible(visible: boolean): void;
  /** It is being closed, or left for another one. */
  onLeft(): void;
  /** It was left, kept by the browser, and is back. */
  onKept(): void;
}

/** What happens to the page as a whole, for as long as it lives. */
export function listenToPage(listener: PageListener): void {
  document.addEventListener("visibilitychange", () => {
    listener.onVisible(document.visibilityState === "visible");
  });
  globalThis.addEventListener("pagehide", () => {
    listener.onLeft();
  });
  globalThis.addEventListener("pageshow", (event) => {
    if (event.persisted) listener.onKept();
  });
  // Another link opened in the same window does not load the page anew.
  globalThis.addEventListener("hashchange", () => {
    const fragment = readFragment(location.hash);
    if (fragment && "secret" in fragment) location.reload();
  });
}
