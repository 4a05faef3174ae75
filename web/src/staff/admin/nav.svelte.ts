import { isAdmin, type Route, routeOf } from "./route";

/** Which page of the administration is shown. Its links are ordinary ones: followed here, they load nothing anew. */
export class Nav {
  route = $state.raw<Route>(routeOf(location));
  /** Counts the steps: each shows its page from the beginning. */
  step = $state(0);
  readonly #listening = new AbortController();

  constructor() {
    const { signal } = this.#listening;
    addEventListener("popstate", () => this.#show(), { signal });
    document.addEventListener("click", (event) => this.#click(event), { signal });
  }

  go(path: string): void {
    history.pushState(null, "", path);
    this.#show();
    scrollTo(0, 0);
  }

  close(): void {
    this.#listening.abort();
  }

  #show(): void {
    if (!isAdmin(location.pathname)) {
      location.reload();
      return;
    }
    this.route = routeOf(location);
    this.step++;
  }

  #click(event: MouseEvent): void {
    const link = event.target instanceof Element && event.target.closest("a");
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const { origin, pathname, search } = link;
    if (origin !== location.origin || !isAdmin(pathname) || link.target || link.hasAttribute("download"))
      return;
    event.preventDefault();
    this.go(pathname + search);
  }
}
