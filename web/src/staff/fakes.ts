/** What stands around the list and the talk's window in their tests: the server, its stream, and the other window. */
import { vi } from "vitest";
import type { StreamHandlers } from "../api/stream";
import type { Row, Task } from "../api/types";
import type { WindowMessage } from "./window";

type Change = Partial<Omit<Row, "seat">> & { seat?: Partial<Row["seat"]> };

const ten = Date.UTC(2026, 2, 2, 9);
const minute = 60_000;

/** An appointment from ten o'clock, half an hour long, whose guest is expected. */
export function row(id: string, { seat, ...change }: Change = {}): Row {
  return {
    id,
    version: 1,
    startsAt: ten,
    endsAt: ten + 30 * minute,
    desk: "d1",
    deskName: "Jugendamt",
    service: "s1",
    serviceName: "Beratung",
    citizen: { name: `Erika ${id}` },
    language: "de",
    status: "booked",
    seat: {
      id: `seat-${id}`,
      state: "expected",
      opensAt: ten - 10 * minute,
      closesAt: ten + 45 * minute,
      ...seat,
    },
    invitation: { by: "none", state: "none" },
    ...change,
  };
}

export function task(id: string, change: Partial<Task> = {}): Task {
  return {
    id,
    desk: "d1",
    appointment: "a1",
    kind: "callback",
    citizenName: "Erika",
    startsAt: ten,
    createdAt: ten,
    ...change,
  };
}

export class FakeStream {
  closed = false;

  constructor(
    readonly url: string,
    readonly handlers: StreamHandlers,
  ) {}

  say(name: string, data: unknown): void {
    this.handlers.onEvent(name, data);
  }

  close(): void {
    this.closed = true;
  }

  resume(): void {
    // Nothing is ever lost here.
  }
}

/** The browser's channel between windows, heard at once. */
class FakeChannel extends EventTarget {
  static readonly all = new Set<FakeChannel>();

  constructor() {
    super();
    FakeChannel.all.add(this);
  }

  postMessage(data: unknown): void {
    for (const other of FakeChannel.all)
      if (other !== this) other.dispatchEvent(new MessageEvent("message", { data }));
  }

  close(): void {
    FakeChannel.all.delete(this);
  }
}

/** The other window: what it was told, and what it says. */
export function otherWindow(): { heard: WindowMessage[]; say: (message: WindowMessage) => void } {
  FakeChannel.all.clear();
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  const channel = new FakeChannel();
  const heard: WindowMessage[] = [];
  channel.addEventListener("message", (event) => heard.push((event as MessageEvent<WindowMessage>).data));
  return {
    heard,
    say: (message) => {
      channel.postMessage(message);
    },
  };
}

/** The server's answers by path; what was asked stands in `posted`, and what came with it in `bodies`. */
export function server(answers: Record<string, { status?: number; body?: unknown }>): {
  posted: string[];
  bodies: unknown[];
} {
  const posted: string[] = [];
  const bodies: unknown[] = [];
  vi.stubGlobal("fetch", (path: string, { body: sent }: { body?: unknown } = {}) => {
    posted.push(path);
    if (typeof sent === "string") bodies.push(JSON.parse(sent));
    const { status = 200, body = {} } = answers[path] ?? { status: 404, body: { code: "not_found" } };
    return Promise.resolve(
      new Response(status === 204 ? null : JSON.stringify(body), {
        status,
        headers: { "Content-Type": status < 300 ? "application/json" : "application/problem+json" },
      }),
    );
  });
  return { posted, bodies };
}
