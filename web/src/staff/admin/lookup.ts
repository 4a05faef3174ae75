import type { Part } from "../../api/admin";
import { type ApiError, asApiError } from "../../api/client";
import { Store, type Unsubscribe } from "../../call/store";

export interface LookupState<T> {
  readonly items: readonly T[];
  readonly next?: string;
  /** first: nothing has ever come; asking: what is shown answers an older question; more: a further part comes. */
  readonly phase: "first" | "asking" | "more" | "still";
  readonly refusal?: ApiError;
  readonly text: string;
}

export interface LookupOptions<T> {
  ask: (text: string, after: string | undefined, signal: AbortSignal) => Promise<Part<T>>;
  /** A new answer stands there; not called for further parts. */
  answered?: (count: number, more: boolean) => void;
  /** Whoever types on is not interrupted. */
  waitMs?: number;
}

const usualWaitMs = 200;

/** A list that is searched while one types, and shown part by part: never whole. Only the newest question counts. */
export class Lookup<T> {
  private readonly store = new Store<LookupState<T>>({ items: [], phase: "first", text: "" });
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked: AbortController | undefined;

  constructor(private readonly options: LookupOptions<T>) {}

  get state(): LookupState<T> {
    return this.store.value;
  }

  subscribe(listener: (state: LookupState<T>) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  type(text: string): void {
    if (text === this.state.text) return;
    const same = text.trim() === this.state.text.trim();
    this.store.set({ ...this.state, text });
    if (same) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.again(), this.options.waitMs ?? usualWaitMs);
  }

  /** Asks at once: at the beginning, after another choice, and after a change. */
  async again(): Promise<void> {
    clearTimeout(this.timer);
    const { phase } = this.state;
    this.set({ phase: phase === "first" ? phase : "asking" });
    const part = await this.question(undefined);
    if (!part) return;
    const { items, next } = part;
    this.store.set({ text: this.state.text, items, phase: "still", ...(next === undefined ? {} : { next }) });
    this.options.answered?.(items.length, next !== undefined);
  }

  /** A further part; answers which item is its first. */
  async more(): Promise<number | undefined> {
    const { items, next, phase } = this.state;
    if (next === undefined || phase !== "still") return undefined;
    this.set({ phase: "more" });
    const part = await this.question(next);
    if (!part) return undefined;
    this.store.set({
      text: this.state.text,
      items: [...items, ...part.items],
      phase: "still",
      ...(part.next === undefined ? {} : { next: part.next }),
    });
    return items.length;
  }

  close(): void {
    clearTimeout(this.timer);
    this.asked?.abort();
  }

  private async question(after: string | undefined): Promise<Part<T> | undefined> {
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    try {
      const part = await this.options.ask(this.state.text.trim(), after, asked.signal);
      return asked.signal.aborted ? undefined : part;
    } catch (error) {
      if (!asked.signal.aborted) this.set({ phase: "still", refusal: asApiError(error) });
      return undefined;
    }
  }

  private set(change: Pick<LookupState<T>, "phase" | "refusal">): void {
    const { refusal: _, ...before } = this.state;
    this.store.set({ ...before, ...change });
  }
}
