// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StreamHandlers } from "../api/stream";
import type { GuestTalk, GuestView, Signal } from "../api/types";
import type { Acquired, Wanted } from "../call/devices";
import { type Screen, screenOf } from "./screen";
import { Visit } from "./visit";

class FakeStream {
  closed = false;

  constructor(readonly handlers: StreamHandlers) {}

  close(): void {
    this.closed = true;
  }

  resume(): void {
    // Nothing is ever lost here.
  }
}

class FakeCall {
  readonly met = Promise.resolve();
  readonly state = {};
  readonly entered: number[] = [];
  readonly heard: Signal[] = [];
  readonly commit = `commit ${calls.length}`;
  closed = false;

  constructor() {
    calls.push(this);
  }

  prepare(): Promise<{ commit: string; offer: string }> {
    return Promise.resolve({ commit: this.commit, offer: "offer" });
  }

  enter(generation: number): void {
    this.entered.push(generation);
  }

  handle(signal: Signal): Promise<void> {
    this.heard.push(signal);
    return Promise.resolve();
  }

  useLocal(): void {
    // It is told of devices, and has no use for them.
  }

  attach(): void {
    // Nothing goes anywhere.
  }

  close(): void {
    this.closed = true;
  }
}

const streams: FakeStream[] = [];
const calls: FakeCall[] = [];
const stopped: unknown[] = [];
const wanted: Wanted[] = [];

vi.mock("../api/stream", () => ({
  openStream: (_: string, handlers: StreamHandlers) => {
    const stream = new FakeStream(handlers);
    streams.push(stream);
    return stream;
  },
}));
vi.mock("../call/call", () => ({ Call: FakeCall }));
vi.mock("../call/devices", () => ({
  acquire: (devices: Wanted) => {
    wanted.push(devices);
    return Promise.resolve({ stream: "camera", camera: "ok", microphone: "ok" });
  },
  stopStream: (stream: unknown) => stream !== undefined && stopped.push(stream),
}));

const now = Date.now();
const minute = 60_000;
const expected: GuestView = {
  seat: "s1",
  agency: {
    slug: "demo",
    name: "Amt",
    phone: "030",
    phoneHours: {},
    timeZone: "Europe/Berlin",
    languages: ["de"],
  },
  department: "d",
  location: "l",
  state: "expected",
  language: "de",
  startsAt: now,
  endsAt: now + 30 * minute,
  opensAt: now - 10 * minute,
  closesAt: now + 45 * minute,
  here: false,
  elsewhere: false,
  takeover: "none",
  doors: ["link", "callback"],
  legal: { notice: { version: "v1", own: false } },
  now,
};
const waiting: Partial<GuestView> = { state: "waiting", here: true, mode: "video" };
const inTalk = (change: Partial<GuestTalk>): Partial<GuestView> => {
  const talk = {
    id: "t1",
    generation: 1,
    staffName: "Frau Sommer",
    admittedAt: now,
    headsUpMs: 0,
    staffHere: true,
    lead: "a",
  };
  return { ...waiting, state: "talking", talk: { ...talk, ...change } };
};
const signal = (kind: string, generation: number): Signal => ({ seq: 1, kind, generation });

type Body = Record<string, unknown>;

/** How the seat stands, and what the server was asked; a call that `fails` gets no answer. */
let seat: Partial<GuestView>;
let asked: { action: string; body: Body }[];
let fails: string | undefined;
/** So many others have opened the link that the server no longer knows this browser by it. */
let forgotten: boolean;
let visit: Visit;

function answer(action: string, body: Body): Response {
  if (body["secret"] !== undefined) forgotten = false;
  if (forgotten) return Response.json({ code: "seat.unknown" }, { status: 404 });
  if (action === "check" || action === "presence") return new Response(undefined, { status: 204 });
  if (action === "arrive") seat = { ...waiting, ...seat, here: true, mode: body["mode"] as "video" };
  if (action === "leave") seat = {};
  return Response.json({ ...expected, ...seat });
}

beforeEach(() => {
  streams.length = calls.length = stopped.length = 0;
  seat = {};
  asked = [];
  fails = undefined;
  forgotten = false;
  location.hash = "#secret";
  vi.stubGlobal("fetch", (path: string, { body }: { body: string }) => {
    const action = path.split("/").at(-1) ?? "";
    const said = JSON.parse(body) as Body;
    asked.push({ action, body: said });
    return action === fails ? Promise.reject(new TypeError()) : Promise.resolve(answer(action, said));
  });
  visit = new Visit("demo");
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const screen = (): Screen => screenOf(visit.state, Date.now());
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const bodies = (action: string): Body[] =>
  asked.filter((call) => call.action === action).map(({ body }) => body);

/** The stream tells how the seat stands, after a gap with all that is to be known. */
async function hear(change: Partial<GuestView>, signals: Signal[] = []): Promise<void> {
  seat = change;
  streams.at(-1)?.handlers.onEvent("snapshot", { view: { ...expected, ...change }, signals });
  await settled();
}

async function waits(wish: "video" | "text" = "video"): Promise<void> {
  await visit.open();
  await visit.check(wish);
  await visit.arrive();
  expect(screen()).toBe("waiting");
}

async function talks(wish: "video" | "text" = "video"): Promise<void> {
  await waits(wish);
  await hear({ ...inTalk({}), mode: wish });
  expect(screen()).toBe("talk");
}

describe("the first screen", () => {
  test("a browser that the server has forgotten shows the link once more, and nothing is lost", async () => {
    await visit.open();
    forgotten = true;
    await visit.check("video");
    await settled();
    expect(bodies("open").at(-1)).toEqual({ secret: "secret" });
    expect(bodies("check").slice(-2)).toMatchObject([{ result: "started" }, { result: "ok" }]);
    forgotten = true;
    await visit.arrive();
    expect(screen()).toBe("waiting");
    expect(visit.state.refusal).toBeUndefined();
  });

  test("whoever touches it has opened the link, and says so once a minute", async () => {
    await visit.open();
    for (let n = 0; n < 3; n++) globalThis.dispatchEvent(new Event("pointerdown"));
    expect(bodies("check")).toEqual([{ result: "looked" }]);
  });

  test("who waits needs not say so", async () => {
    await waits();
    globalThis.dispatchEvent(new Event("keydown"));
    expect(bodies("check")).not.toContainEqual({ result: "looked" });
  });
});

describe("a talk begins", () => {
  test("who is called in while looking at the page is in the talk, and the server hears of it", async () => {
    await talks();
    expect(calls).toMatchObject([{ entered: [1], closed: false }]);
  });

  test("who entered while the connection was made anew is said to have entered that one", async () => {
    await talks();
    await hear(inTalk({ generation: 2 }));
    expect(calls[0]?.entered).toEqual([1, 2]);
    await hear(inTalk({ generation: 3, enteredAt: now }));
    expect(calls[0]?.entered).toEqual([1, 2]);
  });

  test("who is sent back waits with a fresh offer, and can be called in again", async () => {
    await talks();
    await hear(waiting);
    expect(visit.state.notice).toBe("sent-back");
    expect(bodies("prepare")).toMatchObject([{ commit: "commit 1" }]);
    await hear(inTalk({ id: "t2" }));
    expect(screen()).toBe("talk");
    expect(calls).toMatchObject([{ closed: true }, { entered: [1] }]);
  });
});

describe("another talk, whose beginning was not heard", () => {
  test("is entered with a call and an offer of its own", async () => {
    await talks();
    await hear(inTalk({ id: "t2" }));
    expect(screen()).toBe("talk");
    expect(calls).toMatchObject([{ closed: true }, { closed: false, entered: [1] }]);
    expect(bodies("prepare")).toMatchObject([{ commit: "commit 1" }]);
    expect(visit.state).toMatchObject({ devices: { stream: "camera" }, notice: undefined });
  });

  test("signals that came before its offer are not for its call", async () => {
    await talks();
    const gap = hear(inTalk({ id: "t2" }), [signal("renew", 1)]);
    seat = inTalk({ id: "t2", generation: 2 });
    await gap;
    streams.at(-1)?.handlers.onEvent("signal", signal("answer", 2));
    expect(calls[1]?.heard).toEqual([signal("answer", 2)]);
  });

  test("its offer is sent until it has arrived", async () => {
    await talks();
    fails = "prepare";
    await hear(inTalk({ id: "t2" }));
    fails = undefined;
    await vi.waitFor(() => {
      expect(bodies("prepare")).toHaveLength(2);
    });
    expect(calls).toHaveLength(2);
  });
});

describe("leaving that does not succeed", () => {
  test("leaves the talk as it is, and the question says why", async () => {
    await talks();
    visit.askToLeave(true);
    fails = "leave";
    await visit.leave();
    expect(screen()).toBe("talk");
    expect(calls).toMatchObject([{ closed: false }]);
    expect(visit.state).toMatchObject({ leaving: true, refusal: { code: "network" } });
    visit.askToLeave(false);
    expect(visit.state.refusal).toBeUndefined();
  });

  test("leaves the waiting guest ready for the talk", async () => {
    await waits();
    fails = "leave";
    await visit.leave();
    await hear(inTalk({}));
    expect(calls).toMatchObject([{ closed: false, entered: [1] }]);
  });

  test("can be tried again; then the call and the devices are closed", async () => {
    await talks();
    await visit.leave();
    expect(screen()).toBe("landing");
    expect(visit.state).toMatchObject({ notice: "hung-up", joined: false });
    expect(calls).toMatchObject([{ closed: true }]);
    expect(stopped).toEqual(["camera"]);
  });
});

describe("a page that is loaded anew", () => {
  test("takes the visit up again without a click", async () => {
    seat = waiting;
    await visit.open();
    await settled();
    expect(screen()).toBe("waiting");
    expect(visit.state.devices).toBeDefined();
  });

  test("offers to try again when that did not succeed, with the devices closed", async () => {
    seat = waiting;
    fails = "arrive";
    await visit.open();
    await settled();
    expect(screen()).toBe("offline");
    expect(stopped).toEqual(["camera"]);
    fails = undefined;
    await visit.open();
    expect(screen()).toBe("waiting");
  });

  test("neither does a look at the seat end in loading for ever", async () => {
    await visit.open();
    seat = waiting;
    fails = "arrive";
    await visit.refresh();
    expect(screen()).toBe("offline");
  });
});

describe("a seat that was opened elsewhere while nothing was heard", () => {
  test.each([
    ["while waiting", waits],
    ["in the talk", talks],
  ])("gives camera, microphone and call back: %s", async (_, begin) => {
    await begin();
    await hear({ state: "waiting", elsewhere: true });
    expect(screen()).toBe("taken-over");
    expect(visit.state).toMatchObject({ joined: false, devices: undefined, call: undefined });
    expect(calls).toMatchObject([{ closed: true }]);
    expect(stopped).toEqual(["camera"]);
    expect(streams.at(-1)?.closed).toBe(true);
  });
});

describe("a page that is loaded anew", () => {
  test.each([
    [null, { camera: true, microphone: true }],
    [{ mic: "off" }, { camera: true, microphone: false }],
    [{ camera: "off" }, { camera: false, microphone: true }],
    [{ blur: "seen" }, { camera: false, microphone: true }],
  ])("opens what was on, and nothing that the person had switched off: %o", async (before, opened) => {
    history.replaceState(before, "");
    seat = waiting;
    await visit.open();
    await settled();
    history.replaceState(null, "");
    expect(wanted.at(-1)).toEqual(opened);
  });
});

describe("who takes part in writing", () => {
  test("and finds a camera after all is seen after a reload, too", async () => {
    await talks("text");
    visit.wish("video");
    await visit.openDevices({ camera: true, microphone: true });
    await settled();
    expect(bodies("arrive")).toMatchObject([{ mode: "text" }, { mode: "video", takeover: false }]);
    expect(visit.state.view?.mode).toBe("video");
    expect(calls).toMatchObject([{ closed: false, entered: [1] }]);
  });

  test("has the camera in the talk even if that cannot be told", async () => {
    await talks("text");
    fails = "arrive";
    visit.wish("video");
    await visit.openDevices({ camera: true, microphone: true });
    expect(visit.state.devices).toMatchObject({ camera: "ok" } satisfies Partial<Acquired>);
  });
});
