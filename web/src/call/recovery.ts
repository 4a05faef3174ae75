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

  constructor(private readonly side: Side) {}

  isLost(silent: number): boolean {
    return silent >= silentMs[this.side];
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

  /** Media flow again, or the connection is a new one. */
  begin(): void {
    this.restarts = 0;
  }

  /** The browser says that there is a network again: no pause is needed. */
  online(): void {
    this.restartedAt = Number.NEGATIVE_INFINITY;
  }
}
