import { persist } from "./persist";

/** A message to the other side by way of the server; `generation` is always there, the rest depends on the kind. */
export interface OutgoingSignal {
  kind: "answer" | "reveal" | "enter" | "connected" | "restart-offer" | "restart-answer";
  generation: number;
  sdp?: string;
  nonce?: string;
}

/** Signals on their way to the other side, those of each generation one after the other. */
export class Outbox {
  private last: Promise<void> = Promise.resolve();
  private generation = 0;

  /** `outdated` says whether nobody waits for the signals of a generation any more. */
  constructor(
    private readonly send: (signal: OutgoingSignal) => Promise<void>,
    private readonly outdated: (generation: number) => boolean,
  ) {}

  /** Sends, and repeats what fails for a passing reason until it is outdated. */
  post(signal: OutgoingSignal): void {
    void this.deliver(signal).catch(() => undefined);
  }

  /** As `post`; settles with what came of it. */
  deliver(signal: OutgoingSignal): Promise<void> {
    return this.queue(signal, (next) =>
      persist(
        () => this.send(next),
        () => this.outdated(next.generation),
      ),
    );
  }

  /** Sends once: for what is soon replaced by something newer. */
  attempt(signal: OutgoingSignal): Promise<void> {
    return this.queue(signal, (next) => this.send(next));
  }

  private queue(signal: OutgoingSignal, send: (signal: OutgoingSignal) => Promise<void>): Promise<void> {
    // What hangs of an old connection must not hold up the new one.
    if (signal.generation > this.generation) this.last = Promise.resolve();
    this.generation = signal.generation;
    const next = this.last.then(() => send(signal));
    this.last = next.catch(() => undefined);
    return next;
  }
}
