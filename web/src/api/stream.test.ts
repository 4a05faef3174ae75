// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStream, type StreamState } from "./stream";

interface Request {
  url: string;
  headers: Record<string, string>;
  signal: AbortSignal;
}

/** A server in the page: each request gets the next answer of the list. */
class FakeServer {
  readonly requests: Request[] = [];
  private readonly answers: ((request: Request) => Promise<Response>)[] = [];

  then(answer: (request: Request) => Promise<Response> | Response): this {
    this.answers.push(async (request) => answer(request));
    return this;
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = {
      url,
      headers: init.headers as Record<string, string>,
      signal: init.signal as AbortSignal,
    };
    this.requests.push(request);
    const answer = this.answers.shift();
    return answer ? answer(request) : hang(request);
  };
}

function hang({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(new DOMException("aborted", "AbortError"));
    });
  });
}

/** Writes the pieces, then stays open or ends. */
function events(pieces: string[], { stays }: { stays: boolean }) {
  return ({ signal }: Request): Response => {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(encoder.encode(piece));
        if (!stays) controller.close();
        signal.addEventListener("abort", () => {
          if (stays) controller.error(new DOMException("aborted", "AbortError"));
        });
      },
    });
    return new Response(body, { status: 200 });
  };
}

const json = (status: number, body: unknown) => (): Response =>
  new Response(JSON.stringify(body), { status });
const hello = "event: hello\ndata: {}\n\n";

let server: FakeServer;
let seen: string[];
let states: StreamState[];
let refused: string[];
let close: () => void;

function open(): ReturnType<typeof openStream> {
  const stream = openStream("/stream?page=p", {
    onEvent: (name, data) => seen.push(`${name} ${JSON.stringify(data)}`),
    onState: (state) => states.push(state),
    onRefused: (error) => refused.push(error.code),
  });
  close = () => {
    stream.close();
  };
  return stream;
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
  seen = [];
  states = [];
  refused = [];
});

afterEach(() => {
  close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("events come through, in order", async () => {
  server.then(events([hello, 'id: 4\nevent: seat\ndata: {"a":1}\n\n'], { stays: true }));
  open();
  await pass(10);
  expect(states).toEqual(["connecting", "open"]);
  expect(seen).toEqual(["hello {}", 'seat {"a":1}']);
});

test("AVA-02: after a gap it asks again at once, and from where it was", async () => {
  server
    .then(events([hello, "id: 4\nevent: seat\ndata: {}\n\n"], { stays: false }))
    .then(events([hello], { stays: true }));
  open();
  await pass(10);
  expect(states).toEqual(["connecting", "open", "lost", "open"]);
  expect(server.requests[1]?.headers["Last-Event-ID"]).toBe("4");
});

test("a server that is away is asked ever more seldom, but never less than every five seconds", async () => {
  for (let round = 0; round < 100; round++) {
    server.then(() => {
      throw new TypeError("refused");
    });
  }
  open();
  await pass(1_000);
  const first = server.requests.length;
  expect(first).toBeGreaterThanOrEqual(2);
  expect(first).toBeLessThan(8);
  await pass(60_000);
  expect(server.requests.length).toBeLessThan(first + 45);
  expect(server.requests.length).toBeGreaterThanOrEqual(first + 12);
});

test("a stream that ends as soon as it begins is not asked for in a tight circle", async () => {
  for (let round = 0; round < 200; round++) server.then(events([hello], { stays: false }));
  open();
  await pass(10_000);
  expect(server.requests.length).toBeLessThan(20);
});

test("resume does not wait for the next try", async () => {
  for (let round = 0; round < 12; round++) {
    server.then(() => {
      throw new TypeError("refused");
    });
  }
  const stream = open();
  await pass(9_000);
  const before = server.requests.length;
  stream.resume();
  await pass(1);
  expect(server.requests.length).toBe(before + 1);
});

test("a proxy that collects the answer is noticed, and the same events are polled", async () => {
  server
    .then(hang)
    .then(json(200, { events: [{ name: "snapshot", data: { view: 1 } }], head: "9" }))
    .then(json(200, { events: [{ name: "seat", data: {} }], head: "10" }));
  open();
  await pass(3_100);
  expect(states).toEqual(["connecting", "lost", "open"]);
  expect(seen).toEqual(['snapshot {"view":1}', "seat {}"]);
  expect(server.requests[1]?.headers.Accept).toBe("application/json");
  expect(server.requests[2]?.url).toBe("/stream?page=p&after=9");
});

test("a stream that ran and gets no answer is tried once more before it is polled, and then from a snapshot", async () => {
  server.then(events([hello, "id: 4\nevent: seat\ndata: {}\n\n"], { stays: false }));
  open();
  await pass(3_010);
  expect(server.requests.map((r) => r.headers.Accept)).toEqual(Array(2).fill("text/event-stream"));
  await pass(4_000);
  expect(server.requests.map((r) => r.headers.Accept).slice(2)).toEqual([
    "text/event-stream",
    "application/json",
  ]);
  expect(server.requests[3]?.url).toBe("/stream?page=p");
});

test("AVA-02: a network that goes is noticed at once", async () => {
  server.then(events([hello], { stays: true }));
  open();
  await pass(10);
  server.then(() => {
    throw new TypeError("no network");
  });
  globalThis.dispatchEvent(new Event("offline"));
  await pass(10);
  expect(states).toEqual(["connecting", "open", "lost"]);
});

test("AVA-02: what hangs when the network is back is asked for anew at once", async () => {
  server.then(events([hello, "id: 4\nevent: seat\ndata: {}\n\n"], { stays: false }));
  open();
  for (const kind of ["text/event-stream", "application/json"]) {
    await pass(3_010);
    while (server.requests.at(-1)?.headers.Accept !== kind) await pass(500);
    const before = server.requests.length;
    globalThis.dispatchEvent(new Event("online"));
    await pass(1);
    expect(server.requests.length).toBe(before + 1);
    expect(server.requests.at(-2)?.signal.aborted).toBe(true);
  }
});

test("a line that has gone silent is given up", async () => {
  server.then(events([hello], { stays: true })).then(events([hello], { stays: true }));
  open();
  await pass(36_000);
  expect(server.requests).toHaveLength(2);
});

test("bye ends it for good", async () => {
  server.then(events([hello, 'event: bye\ndata: {"reason":"taken-over"}\n\n'], { stays: false }));
  open();
  await pass(10_000);
  expect(states.at(-1)).toBe("closed");
  expect(server.requests).toHaveLength(1);
});

test("a refusal is final, a hiccup of the server is not", async () => {
  server.then(json(503, {})).then(json(404, { code: "link.unknown" }));
  open();
  await pass(10_000);
  expect(refused).toEqual(["link.unknown"]);
  expect(states.at(-1)).toBe("closed");
  expect(server.requests).toHaveLength(2);
});
