/** What operators see: a call of docs/protocol.md. */
import { api } from "./client";

export interface Health {
  readonly version: string;
  readonly database: {
    readonly engine: string;
    readonly version: number;
    readonly expected: number;
    readonly writable: boolean;
  };
  readonly processes: number;
  readonly keysLeft: number;
  readonly agency: Readonly<
    Record<"waiting" | "talking" | "guests" | "jobs" | "jobsFailed" | "mailsFailed", number>
  >;
  readonly relay: Readonly<Record<"legs" | "bound" | "tcp" | "packets" | "bytes" | "dropped", number>> & {
    readonly full: boolean;
  };
  readonly now: number;
}

export const readHealth = (): Promise<Health> => api.get("/api/staff/health");
