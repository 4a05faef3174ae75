import { tick } from "svelte";
import type { DeskState } from "../desk";

interface Act {
  /** The list shows what was done. */
  shown: (state: DeskState) => boolean;
  /** Where to go on, the first that is there. */
  places: readonly string[];
}

const receiptMs = 12_000;

/** What a person is told after acting in the list, or when somebody else has, and where the focus goes when what had it is gone. */
export class Afterwards {
  receipt = $state("");
  private act = $state.raw<Act>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  did(receipt: string, act: Act): void {
    this.follow(act);
    this.tell(receipt);
  }

  /** Nothing is said: what was done shows itself. */
  follow(act: Act): void {
    this.act = act;
  }

  tell(receipt: string): void {
    this.receipt = receipt;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.told();
    }, receiptMs);
    void tick().then(() => {
      const { activeElement } = document;
      if (activeElement?.closest("[data-row], form")) uncover(activeElement);
    });
  }

  /** It has been read. */
  told(): void {
    clearTimeout(this.timer);
    this.receipt = "";
  }

  /** To be called in an effect, with each new state of the list, while no dialog is open. */
  settle(state: DeskState): void {
    const { act } = this;
    if (act?.shown(state) !== true) return;
    this.act = undefined;
    void tick().then(() => {
      goOn(act.places);
    });
  }

  close(): void {
    clearTimeout(this.timer);
  }
}

/** Whoever is somewhere already stays there. */
export function goOn(places: readonly string[]): void {
  const { activeElement } = document;
  if (activeElement !== null && activeElement !== document.body) {
    uncover(activeElement);
    return;
  }
  for (const place of [...places, "h1"]) {
    const element = document.querySelector<HTMLElement>(place);
    if (!element) continue;
    element.tabIndex = -1;
    element.focus();
    uncover(element);
    return;
  }
}

/** The receipt lies over nothing of the row that one is at. */
function uncover(element: Element): void {
  (element.closest("[data-row]") ?? element).scrollIntoView({ block: "nearest" });
}

/** How the list marks a row, and the heading of a group. */
export const rowAt = (id: string): string => `[data-row="${id}"]`;
export const headingOf = (group: string): string => `#list-${group}`;
