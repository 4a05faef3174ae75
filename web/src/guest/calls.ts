import type { GuestView, Signal } from "../api/types";
import type { Call, CallOptions, Prepared } from "../call/call";
import { persist } from "../call/persist";

/** The page's calls, one for each talk: certificate, commitment and offer are made once, and kept until used. */
export class Calls {
  private kind: typeof Call | undefined;
  private call: Call | undefined;
  private prepared: Promise<Prepared> | undefined;
  /** Signals that wait until the server has this page's offer. */
  private held: Signal[] | undefined;

  private readonly options: CallOptions;

  constructor(
    options: CallOptions & Required<Pick<CallOptions, "renew">>,
    private readonly made: (call: Call) => void,
  ) {
    this.options = {
      ...options,
      // What is said of this page later is said of the connection that it has then.
      renew: ({ commit, offer, ...generation }) => {
        this.prepared = Promise.resolve({ commit, offer });
        return options.renew({ commit, offer, ...generation });
      },
    };
  }

  /** The first call has to be fetched; those after it are there at once. */
  prepare(): Promise<Prepared> {
    if (this.prepared) return this.prepared;
    const prepared = this.kind
      ? this.make(this.kind)
      : import("../call/call").then(({ Call }) => this.make((this.kind = Call)));
    this.prepared = prepared;
    prepared.catch(() => {
      if (this.prepared === prepared) this.prepared = undefined;
    });
    return prepared;
  }

  /** Hands a fresh offer to the server. A signal for an older one would spoil the call that it was made by. */
  async offer(send: (prepared: Prepared) => Promise<GuestView>): Promise<void> {
    const held: Signal[] = (this.held = []);
    const outdated = (): boolean => held !== this.held;
    let generation = 0;
    try {
      const prepared = await this.prepare();
      const view = await persist(() => send(prepared), outdated);
      generation = view.talk?.generation ?? 0;
    } catch {
      // Whoever calls in a guest without an offer asks for a fresh one.
    }
    if (outdated()) return;
    this.held = undefined;
    for (const signal of held) if (signal.generation >= generation) this.handle(signal);
  }

  handle(signal: Signal): void {
    if (this.held) this.held.push(signal);
    else void this.call?.handle(signal).catch(() => undefined);
  }

  drop(): void {
    this.call?.close();
    this.call = this.prepared = this.held = undefined;
  }

  private make(kind: typeof Call): Promise<Prepared> {
    this.call = new kind(this.options);
    this.made(this.call);
    return this.call.prepare();
  }
}
