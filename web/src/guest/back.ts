/**
 * The browser's own way back. One more entry in its history, with the same address, stands for everything behind the
 * first screen: so "back" leads from the check to the first screen, and out of the waiting room and the talk only after
 * a question. Nothing is asked when the page is closed: the seat stays, and the link leads to it again.
 */
export class WayBack {
  private inside = false;

  constructor(private readonly pressed: () => void) {
    globalThis.addEventListener("popstate", () => {
      if (this.inside && !entered()) this.pressed();
    });
  }

  /** Tells whether the person is behind the first screen. */
  went(inside: boolean): void {
    if (inside === this.inside) return;
    this.inside = inside;
    if (inside && !entered()) history.pushState({ inside }, "");
    else if (!inside && entered()) history.back();
  }

  /** Undoes the step back. Going forward, other than a new entry, works however often somebody goes back. */
  stay(): void {
    history.forward();
  }

  /** One more step back: out of the page. */
  leave(): void {
    history.back();
  }
}

function entered(): boolean {
  return (history.state as { inside?: boolean } | null)?.inside === true;
}
