import type { Call } from "../../call/call";
import { Store } from "../../call/store";

/** Why a talk is halted. Words of a list, so that both sides read them in their own language. */
export const reasons = ["ask", "look", "break"] as const;
export type Reason = (typeof reasons)[number];

/** A page that takes the lead, or has been loaded anew, says within that time whether the talk is still halted. */
const unsureMs = 2_000;

type Halted = Pick<Call, "attend" | "tell" | "hold">;

/** The halted talk as who leads it holds it; said again to each page of the guest that comes. */
export class Holding {
  readonly why = new Store<Reason | undefined>(undefined);
  private readonly leave: () => void;

  constructor(
    private readonly call: Halted,
    before: Reason | undefined,
  ) {
    this.set(before);
    this.leave = call.attend({
      heard: ({ t }) => {
        if (t === "hold?") this.tell();
      },
      opened: () => {
        this.tell();
      },
    });
  }

  set(why: Reason | undefined): void {
    this.why.set(why);
    this.call.hold(why !== undefined);
    this.tell();
  }

  close(): void {
    this.leave();
  }

  private tell(): void {
    const why = this.why.value;
    this.call.tell({ t: "hold", ...(why ? { why } : {}) });
  }
}

/** The halted talk as the guest's page has it: it halts when it is told to, and goes on where nobody says so any more. */
export class Held {
  readonly why = new Store<Reason | undefined>(undefined);
  private unsure: ReturnType<typeof setTimeout> | undefined;
  private readonly leave: () => void;

  constructor(private readonly call: Halted) {
    this.leave = call.attend({
      heard: (message) => {
        if (message.t === "hold") this.set(reasonOf(message.why));
      },
      opened: () => {
        clearTimeout(this.unsure);
        this.unsure = setTimeout(() => {
          this.set(undefined);
        }, unsureMs);
        this.call.tell({ t: "hold?" });
      },
    });
  }

  close(): void {
    this.leave();
    clearTimeout(this.unsure);
    this.call.hold(false);
  }

  private set(why: Reason | undefined): void {
    clearTimeout(this.unsure);
    this.call.hold(why !== undefined);
    this.why.set(why);
  }
}

/** A word that this page does not know halts as well: it comes from a newer one. */
export function reasonOf(value: unknown): Reason | undefined {
  if (typeof value !== "string") return undefined;
  return reasons.find((reason) => reason === value) ?? "break";
}
