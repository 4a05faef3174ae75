/**
 * The browser's own way back. One more entry in its history, with the same address, stands for everything behind the
 * first screen: so "back" leads from the check to the first screen, and out of the waiting room and the talk only after
 * a question. Nothing is asked when the page is closed: the seat stays, and the link leads to it again.
 */
export class WayBack {
  private inside = false;
  /** A step of our own is under way: browsers take it later than they are told to. */
  private stepping = false;

  constructor(private readonly pressed: () => void) {
    globalThis.addEventListener("popstate", () => {
      const own = this.stepping;
      this.stepping = false;
      if (!this.inside || entered()) return;
      if (own) enter();
      else this.pressed();
    });
  }

  /** Tells whether the person is behind the first screen. */
  went(inside: boolean): void {
    if (inside === this.inside) return;
    this.inside = inside;
    if (inside && !entered()) enter();
    else if (!inside && entered()) {
      this.stepping = true;
      history.back();
    }
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

function enter(): void {
  history.pushState({ inside: true }, "");
}

function entered(): boolean {
  return (history.state as { inside?: boolean } | null)?.inside === true;
}
