import { ApiError } from "../api/client";
import { after } from "./after";

/** A message to the other side by way of the server; `generation` is always there, the rest depends on the kind. */
export interface OutgoingSignal {
  kind: "answer" | "reveal" | "enter" | "connected" | "restart-offer" | "restart-answer";
  generation: number;
  sdp?: string;
  nonce?: string;
}

const firstPauseMs = 250;
const longestPauseMs = 1_000;

/** Signals on their way to the other side, one after the other. */
export class Outbox {
  private last: Promise<void> = Promise.resolve();

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
    return this.queue(signal, (next) => this.persist(next));
  }

  /** Sends once: for what is soon replaced by something newer. */
  attempt(signal: OutgoingSignal): Promise<void> {
    return this.queue(signal, (next) => this.send(next));
  }

  private queue(signal: OutgoingSignal, send: (signal: OutgoingSignal) => Promise<void>): Promise<void> {
    const next = this.last.then(() => send(signal));
    this.last = next.catch(() => undefined);
    return next;
  }

  private async persist(signal: OutgoingSignal): Promise<void> {
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        await this.send(signal);
        return;
      } catch (error) {
        const passing = error instanceof ApiError && error.passing;
        if (!passing || this.outdated(signal.generation)) throw error;
        await after(pause);
      }
    }
  }
}
