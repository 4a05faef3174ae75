import { ApiError, problem } from "./client";
import { EventParser, type ServerEvent } from "./sse";

export type StreamState = "connecting" | "open" | "lost" | "closed";

export interface StreamHandlers {
  onEvent(name: string, data: unknown): void;
  /** `since`: when this state began, by the device's clock. */
  onState(state: StreamState, since: number): void;
  /** The server refused the stream for good (signed out, unknown seat); `closed` follows. */
  onRefused?(error: ApiError): void;
}

export interface Stream {
  close(): void;
  /** Tries again at once: the page came back to the screen, the network came back. */
  resume(): void;
}

/** No `hello` by then: something on the way collects the answer instead of passing it on. */
const helloMs = 3_000;
/** The server writes a comment every 15 s; two of them missing means that the line is dead. */
const silenceMs = 35_000;
/** The server answers a long poll within 25 s. */
const pollDeadlineMs = 40_000;
/** A server that is started again is back within seconds: until then it is asked often, after that seldom. */
const backoffMs = [500, 500, 1_000, 1_000, 1_000, 1_000, 2_000, 4_000];
const maxBackoffMs = 5_000;
/** A stream that lasted this long was a good one. */
const steadyMs = 2_000;

/** Opens one event stream and keeps it open until `close` or the server's `bye`. */
export function openStream(url: string, handlers: StreamHandlers): Stream {
  return new Connection(url, handlers);
}

class Connection implements Stream {
  private state: StreamState = "connecting";
  private lastId: string | undefined;
  private polling = false;
  /** The last attempt got no answer at all. */
  private mute = false;
  private failures = 0;
  private heardAt = Date.now();
  private openedAt: number | undefined;
  private abort = new AbortController();
  private wake: (() => void) | undefined;
  /** What was asked for over the former network may hang there: the system repeats it ever more seldom. */
  private readonly online = (): void => {
    this.failures = 0;
    if (this.wake) this.wake();
    else this.abort.abort();
  };
  /** Without this a dead line is noticed only by its silence; where the system is wrong, the next attempt succeeds. */
  private readonly offline = (): void => {
    this.abort.abort();
  };

  constructor(
    private readonly url: string,
    private readonly handlers: StreamHandlers,
  ) {
    globalThis.addEventListener("online", this.online);
    globalThis.addEventListener("offline", this.offline);
    handlers.onState(this.state, Date.now());
    void this.run();
  }

  close(): void {
    this.enter("closed");
    globalThis.removeEventListener("online", this.online);
    globalThis.removeEventListener("offline", this.offline);
    this.abort.abort();
    this.wake?.();
  }

  resume(): void {
    if (this.wake) {
      this.failures = Math.min(this.failures, 1);
      this.wake();
    } else if (Date.now() - this.heardAt > silenceMs / 2) {
      // A frozen page may hold a dead connection without knowing; a fresh one costs little.
      this.abort.abort();
    }
  }

  private enter(state: StreamState): void {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    this.handlers.onState(state, Date.now());
  }

  private get closed(): boolean {
    return this.state === "closed";
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      this.abort = new AbortController();
      this.openedAt = undefined;
      try {
        await (this.polling ? this.poll() : this.listen());
      } catch (error) {
        this.failed(error);
      }
      if (this.closed) return;
      this.enter("lost");
      // A stream that ends as soon as it begins must not be asked for in a tight circle.
      if (this.openedAt !== undefined && Date.now() - this.openedAt >= steadyMs) this.failures = 0;
      await this.pause();
      this.failures++;
    }
  }

  private failed(error: unknown): void {
    if (this.closed) return;
    if (error instanceof Buffered) {
      // Nothing at all, where there was a stream before, may as well be a dead line; twice in a row it is not.
      if (error.answered || this.mute || this.lastId === undefined) this.fallBack();
      else this.mute = true;
      return;
    }
    this.mute = false;
    // A proxy that buffered may be gone with the network that had it.
    this.polling = false;
    if (error instanceof ApiError && !error.passing) {
      this.handlers.onRefused?.(error);
      this.close();
    }
  }

  private fallBack(): void {
    this.polling = true;
    this.failures = 0;
    // A snapshot comes at once and shows that all is well; the next change may be minutes away.
    this.lastId = undefined;
  }

  /** The first retry comes at once; the others at random, so that not all come together. */
  private async pause(): Promise<void> {
    if (this.failures === 0) return;
    const limit = backoffMs[this.failures - 1] ?? maxBackoffMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limit * (0.3 + 0.7 * Math.random()));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  private async listen(): Promise<void> {
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const { signal } = this.abort;
    let answered = false;
    let greeted = false;
    let buffered = false;
    const watch = new Deadline(helloMs, () => {
      buffered = !greeted;
      this.abort.abort();
    });
    try {
      const response = await fetch(this.url, {
        headers: {
          Accept: "text/event-stream",
          ...(this.lastId === undefined ? {} : { "Last-Event-ID": this.lastId }),
        },
        cache: "no-store",
        signal,
      });
      if (!response.ok) throw await problem(response);
      if (!response.body) throw new Buffered(true);
      answered = true;
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.heardAt = Date.now();
        const events = parser.push(decoder.decode(value, { stream: true }));
        if (events.length > 0) greeted = true;
        if (greeted) watch.extend(silenceMs);
        for (const event of events) this.deliver(event);
        if (this.closed) return;
      }
    } catch (error) {
      throw buffered ? new Buffered(answered) : error;
    } finally {
      watch.stop();
    }
  }

  /** The same events, asked for one answer at a time. */
  private async poll(): Promise<void> {
    while (!this.closed) {
      const watch = new Deadline(pollDeadlineMs, () => {
        this.abort.abort();
      });
      try {
        const response = await fetch(this.pollUrl(), {
          headers: { Accept: "application/json" },
          cache: "no-store",
          signal: this.abort.signal,
        });
        if (!response.ok) throw await problem(response);
        const { events, head } = (await response.json()) as { events: PolledEvent[]; head: string };
        this.heardAt = Date.now();
        this.opened();
        for (const event of events) this.dispatch(event.name, event.data);
        this.lastId = head;
      } finally {
        watch.stop();
      }
    }
  }

  private pollUrl(): string {
    if (this.lastId === undefined) return this.url;
    return `${this.url}${this.url.includes("?") ? "&" : "?"}after=${this.lastId}`;
  }

  private deliver(event: ServerEvent): void {
    if (event.id !== undefined && event.id !== "") this.lastId = event.id;
    this.opened();
    this.dispatch(event.name, JSON.parse(event.data));
  }

  private opened(): void {
    this.mute = false;
    this.openedAt ??= Date.now();
    this.enter("open");
  }

  private dispatch(name: string, data: unknown): void {
    if (this.closed) return;
    this.handlers.onEvent(name, data);
    if (name === "bye") this.close();
  }
}

interface PolledEvent {
  name: string;
  data: unknown;
}

class Buffered extends Error {
  override readonly name = "Buffered";

  constructor(readonly answered: boolean) {
    super();
  }
}

class Deadline {
  private timer: ReturnType<typeof setTimeout>;

  constructor(
    ms: number,
    private readonly late: () => void,
  ) {
    this.timer = setTimeout(late, ms);
  }

  extend(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.late, ms);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
