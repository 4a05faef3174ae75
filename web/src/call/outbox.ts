import { persist } from "./persist";

/** A message to the other side by way of the server; `generation` is always there, the rest depends on the kind. */
export interface OutgoingSignal {
  kind: "answer" | "reveal" | "enter" | "connected" | "restart-offer" | "restart-answer";
  generation: number;
  sdp?: string;
  nonce?: string;
}

/** Sends one message; what is aborted counts as not arrived. */
export type SendSignal = (signal: OutgoingSignal, abort: AbortSignal) => Promise<void>;

/** Signals on their way to the other side, those of each generation one after the other. */
export class Outbox {
  private last: Promise<void> = Promise.resolve();
  private generation = 0;
  private underWay: { abort: AbortController; replaceable: boolean } | undefined;

  /** `outdated` says whether nobody waits for the signals of a generation any more. */
  constructor(
    private readonly send: SendSignal,
    private readonly outdated: (generation: number) => boolean,
  ) {}

  /** Sends, and repeats what fails for a passing reason until it is outdated. */
  post(signal: OutgoingSignal): void {
    void this.deliver(signal).catch(() => undefined);
  }

  /** As `post`; settles with what came of it. What was only an attempt gives way to it. */
  deliver(signal: OutgoingSignal): Promise<void> {
    if (this.underWay?.replaceable) this.underWay.abort.abort();
    return this.queue(signal, (next) =>
      persist(
        () => this.once(next, false),
        () => this.outdated(next.generation),
      ),
    );
  }

  /** Sends once: for what is soon replaced by something newer. */
  attempt(signal: OutgoingSignal): Promise<void> {
    return this.queue(signal, (next) => this.once(next, true));
  }

  /** The network is another one than before: what hangs in the old one would hold up all that follows. */
  hurry(): void {
    this.underWay?.abort.abort();
  }

  private async once(signal: OutgoingSignal, replaceable: boolean): Promise<void> {
    const own = { abort: new AbortController(), replaceable };
    this.underWay = own;
    try {
      await this.send(signal, own.abort.signal);
    } finally {
      if (this.underWay === own) this.underWay = undefined;
    }
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
