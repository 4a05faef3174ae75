import { ApiError } from "../api/client";
import type { Side } from "./agreement";

/** Media may be silent this long before a side restarts ICE; the guest a little sooner, so that both rarely collide. */
const silentMs = { guest: 1_000, staff: 1_500 };
const restartPauseMs = 4_000;
const undeliveredPauseMs = 2_000;
/** After so many restarts in vain the guest begins a new generation. */
const maxRestarts = 4;

/** Decides how a connection that has gone silent comes back. Times are milliseconds of one clock, given by the caller. */
export class Recovery {
  private restartedAt = Number.NEGATIVE_INFINITY;
  private restarts = 0;
  private missing = false;

  constructor(private readonly side: Side) {}

  /** Told of every silence; answers whether it is an interruption. */
  silent(ms: number): boolean {
    if (ms < silentMs[this.side]) return false;
    this.missing = true;
    return true;
  }

  /** Media have stopped and are not back. The browser's connection may be: it stands as soon as the relay answers. */
  get interrupted(): boolean {
    return this.missing;
  }

  /** The next attempt, unless the last one may still succeed. */
  next(now: number): "wait" | "restart" | "renew" {
    if (now - this.restartedAt < restartPauseMs) return "wait";
    this.restartedAt = now;
    if (++this.restarts <= maxRestarts || this.side !== "guest") return "restart";
    this.restarts = 0;
    return "renew";
  }

  /**
   * The attempt begun at `at` did not reach the other side. When the server is away, the relay may be too: it learns the
   * old credentials again, which stay in use until then, sooner than new ones are agreed on.
   */
  failed(error: unknown, at: number): void {
    if (!(error instanceof ApiError) || !error.passing) return;
    this.restarts--;
    this.restartedAt = at - restartPauseMs + undeliveredPauseMs;
  }

  /** Media flow again. */
  restored(): void {
    this.missing = false;
    this.begin();
  }

  /** The connection is a new one. */
  begin(): void {
    this.restarts = 0;
  }

  /** The browser says that there is a network again: no pause is needed. */
  online(): void {
    this.restartedAt = Number.NEGATIVE_INFINITY;
  }
}
