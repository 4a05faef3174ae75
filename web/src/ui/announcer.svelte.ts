import { untrack } from "svelte";

/** What screen readers are told without moving the focus. The page holds one LiveRegion that reads it out. */
type Urgency = "polite" | "assertive";

const keptMs = 10_000;

class Announcer {
  readonly #forget: Partial<Record<Urgency, ReturnType<typeof setTimeout>>> = {};
  readonly texts = $state<Record<Urgency, string>>({ polite: "", assertive: "" });

  /** Says it once; the same sentence twice in a row is changed invisibly, as unchanged text is not read again. */
  readonly say = (text: string, urgency: Urgency = "polite"): void => {
    // An effect that announces must not depend on what was announced: it would run again and again.
    const before = untrack(() => this.texts[urgency]);
    this.texts[urgency] = before === text ? `${text}\u00a0` : text;
    // Whoever wanders over the page later must not find it there: it may no longer be true.
    clearTimeout(this.#forget[urgency]);
    this.#forget[urgency] = setTimeout(() => {
      this.texts[urgency] = "";
    }, keptMs);
  };
}

export const announcer = new Announcer();
export const announce = announcer.say;
