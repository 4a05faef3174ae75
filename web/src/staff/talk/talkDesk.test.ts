// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StreamHandlers } from "../../api/stream";
import type { Me, TalkView } from "../../api/types";
import type { Wanted } from "../../call/devices";
import { FakeStream, otherWindow, row, server } from "../fakes";
import { Session } from "../session";
import { TalkDesk } from "./talkDesk";

const streams: FakeStream[] = [];
const calls: { closed: boolean; camera: boolean }[] = [];
const released: unknown[] = [];
const wanted: Wanted[] = [];

vi.mock("../../api/stream", () => ({
  openStream: (url: string, handlers: StreamHandlers) => {
    const stream = new FakeStream(url, handlers);
    streams.push(stream);
    return stream;
  },
}));
vi.mock("../../call/call", () => ({
  Call: class {
    closed = false;
    camera = false;
    detours = false;
    constructor() {
      calls.push(this);
    }
    handle(): Promise<void> {
      return Promise.resolve();
    }
    useLocal(): void {
      this.camera = true;
    }
    close(): void {
      this.closed = true;
    }
  },
}));
vi.mock("../../call/devices", () => ({
  acquire: (devices: Wanted) => {
    wanted.push(devices);
    return Promise.resolve({ stream: "camera" });
  },
  stopStream: (stream: unknown) => released.push(stream),
}));

const me = { id: "sommer", agency: { slug: "demo" } } as Me;
const view = (change: Partial<TalkView> = {}): TalkView => ({
  id: "t1",
  seat: "seat-a",
  generation: 1,
  staff: { id: "sommer", name: "Frau Sommer" },
  appointment: { ...row("a"), citizen: { name: "Erika" } },
  admittedAt: 0,
  guestMode: "video",
  codeRequired: false,
  guestReachable: true,
  headsUpMs: 0,
  now: Date.now(),
  ...change,
});
const admission = "/api/staff/seats/seat-a/admit";
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

let desk: TalkDesk;
let session: Session;
let list: ReturnType<typeof otherWindow>;

beforeEach(async () => {
  streams.length = calls.length = released.length = 0;
  list = otherWindow();
  session = new Session();
  desk = new TalkDesk(session, me);
  await desk.open("ready");
});

afterEach(() => {
  desk.close();
  vi.unstubAllGlobals();
});

async function admitted(answers: Parameters<typeof server>[0] = {}): Promise<ReturnType<typeof server>> {
  const asked = server({ [admission]: { body: { talk: view(), signals: [] } }, ...answers });
  list.say({ t: "admit", seat: "seat-a" });
  await settled();
  return asked;
}

describe("the window of talks", () => {
  test("says that it is there, with a connection made ready and no camera", () => {
    expect(list.heard).toContainEqual({ t: "here", talk: undefined });
    expect(desk.state.phase).toBe("ready");
    expect(calls).toMatchObject([{ camera: false, closed: false }]);
  });

  test("begins the talk that the list asks for, and turns the camera on only then", async () => {
    await admitted();
    expect(desk.state).toMatchObject({ phase: "talk", talk: { id: "t1" } });
    expect(list.heard).toContainEqual({ t: "here", talk: "t1" });
    expect(calls[0]?.camera).toBe(true);
  });

  test("leaves a camera whose background was blurred to what blurs it, in the next talk as well", async () => {
    history.replaceState({ blur: "seen" }, "");
    desk.stayOut();
    await admitted();
    expect(wanted.at(-1)).toEqual({ camera: false, microphone: true });
    history.replaceState(null, "");
  });

  test("opens nothing that was switched off before it was loaded anew, and all of it for the next talk", async () => {
    history.replaceState({ camera: "off", mic: "off" }, "");
    const talk = "/api/staff/talks/t1";
    server({ [talk]: { body: view() }, [`${talk}/join`]: { body: { talk: view(), signals: [] } } });
    await desk.open("t1");
    expect(wanted.at(-1)).toEqual({ camera: false, microphone: false });
    desk.stayOut();
    await admitted();
    expect(wanted.at(-1)).toEqual({ camera: true, microphone: true });
  });

  test("an admission that a colleague has won is told to the list, and the camera is closed again", async () => {
    await admitted({
      [admission]: { status: 409, body: { code: "seat.admitted", params: { by: "Herr Winter" } } },
    });
    expect(list.heard).toContainEqual({
      t: "refused",
      seat: "seat-a",
      code: "seat.admitted",
      params: { by: "Herr Winter" },
    });
    expect(desk.state).toMatchObject({ phase: "ready", refusal: { code: "seat.admitted" } });
    expect(calls.some(({ camera }) => camera)).toBe(false);
    expect(released).toEqual(["camera"]);
  });

  test("a window that is closed while it is asking leaves no camera on", async () => {
    const asking = admitted();
    desk.close();
    await asking;
    await settled();
    expect(released).toContain("camera");
    expect(calls.some(({ camera }) => camera)).toBe(false);
  });

  test("an admission after the session has ended leads to the sign-in", async () => {
    const lost = vi.spyOn(session, "lost");
    await admitted({ [admission]: { status: 401, body: { code: "session.none" } } });
    expect(lost).toHaveBeenCalledOnce();
  });

  test("asks twice for nobody", async () => {
    const { posted } = await admitted();
    list.say({ t: "admit", seat: "seat-b" });
    await settled();
    expect(posted).toEqual([admission]);
  });
});

describe("a talk ends", () => {
  const end = (change: Partial<TalkView>): void => {
    streams.at(-1)?.say("talk", view(change));
  };

  test("a guest who has left is told apart from one who never came in", async () => {
    await admitted();
    end({ enteredAt: 1, endedAt: 2 });
    expect(desk.state).toMatchObject({ phase: "ready", farewell: { kind: "left", name: "Erika" } });
    await admitted();
    end({ endedAt: 2 });
    expect(desk.state.farewell).toEqual({ kind: "missed", name: "Erika" });
  });

  test("with the outcome that was chosen, a connection is made ready for the next, and the list hears of it", async () => {
    await admitted({ "/api/staff/talks/t1/end": { body: view({ enteredAt: 1, endedAt: 2 }) } });
    await desk.end("held");
    expect(desk.state.farewell).toMatchObject({ kind: "outcome", name: "Erika", outcome: "held" });
    expect(calls).toMatchObject([{ closed: true }, { closed: false, camera: false }]);
    expect(list.heard.at(-1)).toEqual({ t: "here", talk: undefined });
  });

  test("a refused outcome leaves the talk as it is, and another one can be chosen", async () => {
    const refused = { status: 409, body: { code: "outcome.noshow_refused", params: {} } };
    await admitted({ "/api/staff/talks/t1/end": refused });
    await desk.end("noshow");
    expect(desk.state).toMatchObject({
      phase: "talk",
      busy: false,
      refusal: { code: "outcome.noshow_refused" },
    });
    expect(calls[0]?.closed).toBe(false);
    server({ "/api/staff/talks/t1/end": { body: view({ enteredAt: 1, endedAt: 2 }) } });
    await desk.end("technical");
    expect(desk.state.farewell).toMatchObject({ kind: "outcome", outcome: "technical" });
  });

  test("a colleague who takes the talk over is named, another window of one's own is none", async () => {
    await admitted();
    end({ staff: { id: "winter", name: "Herr Winter" } });
    expect(desk.state.farewell).toEqual({ kind: "taken", name: "Erika", by: "Herr Winter" });
    await admitted();
    list.say({ t: "here", talk: "t1" });
    expect(desk.state.farewell).toEqual({ kind: "elsewhere", name: "Erika" });
  });

  test("a talk that goes on on the paired device is over in the window, and on the device's page it is not", async () => {
    await admitted();
    end({ device: true });
    expect(desk.state.farewell).toEqual({ kind: "device", name: "Erika" });
    desk.close();
    const join = "/api/staff/talks/t1/join";
    const talk = view({ device: true });
    server({ "/api/staff/talks/t1": { body: talk }, [join]: { body: { talk, signals: [] } } });
    desk = new TalkDesk(session, me, "/staff/device");
    await desk.open("t1");
    end({ device: true });
    expect(desk.state).toMatchObject({ phase: "talk", talk: { id: "t1" } });
  });

  test("the session's end is the end of everything", async () => {
    const lost = vi.spyOn(session, "lost");
    await admitted();
    streams.at(-1)?.say("bye", { reason: "signed-out" });
    expect(lost).toHaveBeenCalledOnce();
  });

  test("a talk that cannot be joined just now is no talk that is over", async () => {
    const talk = "/api/staff/talks/t1";
    server({ [talk]: { status: 429, body: { code: "throttled" } } });
    await desk.open("t1");
    expect(desk.state).toMatchObject({ phase: "ready", again: "t1", refusal: { status: 429 } });
    expect(desk.state.farewell).toBeUndefined();
    server({ [talk]: { body: view() }, [`${talk}/join`]: { body: { talk: view(), signals: [] } } });
    await desk.open("t1");
    expect(desk.state).toMatchObject({ phase: "talk", again: undefined, refusal: undefined });
    server({ [talk]: { status: 404, body: { code: "not_found" } } });
    await desk.open("t1");
    expect(desk.state).toMatchObject({ phase: "ready", again: undefined, farewell: { kind: "gone" } });
  });

  test("a talk of a desk that is no longer one's own is gone, and one is still signed in", async () => {
    const lost = vi.spyOn(session, "lost");
    await admitted();
    streams.at(-1)?.say("bye", { reason: "elsewhere" });
    expect(desk.state).toMatchObject({ phase: "ready", farewell: { kind: "gone" } });
    expect(lost).not.toHaveBeenCalled();
  });

  test("a talk that goes on at another desk, as was asked for, says who leads it", async () => {
    await admitted();
    const transfer = {
      at: 1,
      desk: "Wohngeld",
      elsewhere: true,
      acceptedBy: { id: "herbst", name: "Frau Herbst" },
    };
    streams.at(-1)?.say("talk", view({ transfer }));
    streams.at(-1)?.say("bye", { reason: "elsewhere" });
    expect(desk.state.farewell).toEqual({ kind: "taken", name: "Erika", by: "Frau Herbst" });
  });

  test("a talk that was accepted is entered when the list says so", async () => {
    const enter = "/api/staff/talks/t1/transfer/enter";
    const asked = server({ [enter]: { body: { talk: view(), signals: [] } } });
    list.say({ t: "enter", seat: "seat-a", talk: "t1", at: 7 });
    await settled();
    expect(asked).toMatchObject({ posted: [enter], bodies: [{ at: 7 }] });
    expect(desk.state).toMatchObject({ phase: "talk", talk: { id: "t1" } });
  });

  test("a reload that was asked for just before the address named the talk is back in it", async () => {
    await admitted();
    history.replaceState(null, "", "/staff/talk/t1");
    globalThis.dispatchEvent(new Event("pagehide"));
    desk.close();
    const talk = "/api/staff/talks/t1";
    server({ [talk]: { body: view() }, [`${talk}/join`]: { body: { talk: view(), signals: [] } } });
    desk = new TalkDesk(session, me);
    await desk.open("ready");
    expect(desk.state).toMatchObject({ phase: "talk", talk: { id: "t1" } });
    expect(sessionStorage).toHaveLength(0);
  });

  test("a window that is closed says so", () => {
    globalThis.dispatchEvent(new Event("pagehide"));
    expect(list.heard.at(-1)).toEqual({ t: "gone" });
  });
});

describe("a colleague leads the talk", () => {
  const talk = "/api/staff/talks/t1";
  const winters = view({ staff: { id: "winter", name: "Herr Winter" } });
  const joined = { body: { talk: view({ generation: 2 }), signals: [] } };

  test("its address asks, and joins only with a yes", async () => {
    const asked = server({ [talk]: { body: winters }, [`${talk}/join`]: joined });
    await desk.open("t1");
    expect(desk.state).toMatchObject({ phase: "ready", led: { staff: { name: "Herr Winter" } } });
    expect(asked.posted).not.toContain(`${talk}/join`);
    expect(calls.some(({ camera }) => camera)).toBe(false);
    await desk.takeOver();
    expect(asked.bodies).toContainEqual({ takeover: true });
    expect(desk.state).toMatchObject({ phase: "talk", led: undefined });
  });

  test("a no leads to the window that is ready", async () => {
    server({ [talk]: { body: winters } });
    await desk.open("t1");
    desk.stayOut();
    expect(desk.state).toMatchObject({ phase: "ready", led: undefined, farewell: undefined });
  });

  test("one's own is joined at once, and not as a takeover", async () => {
    const asked = server({ [talk]: { body: view() }, [`${talk}/join`]: joined });
    await desk.open("t1");
    expect(asked.bodies).toContainEqual({ takeover: false });
  });

  test("who takes it over between the look and the yes is asked about", async () => {
    const led = { status: 409, body: { code: "talk.led", params: { by: "Herr Winter" } } };
    const answers: Parameters<typeof server>[0] = { [talk]: { body: view() }, [`${talk}/join`]: led };
    server(answers);
    const opening = desk.open("t1");
    answers[talk] = { body: winters };
    await opening;
    expect(desk.state).toMatchObject({ phase: "ready", led: { staff: { name: "Herr Winter" } } });
  });

  test("the list's word for it needs no second question", async () => {
    const asked = server({ [`${talk}/join`]: joined });
    list.say({ t: "takeover", seat: "seat-a", talk: "t1" });
    await settled();
    expect(asked.bodies).toEqual([{ takeover: true }]);
    expect(desk.state).toMatchObject({ phase: "talk", talk: { id: "t1" } });
    expect(calls.at(-1)?.camera).toBe(true);
  });

  test("a window that has only followed a sign-in elsewhere turns no camera on by itself", async () => {
    server({ [talk]: { body: view() }, [`${talk}/join`]: joined });
    await desk.open("t1", true);
    expect(desk.state).toMatchObject({ phase: "ready", again: "t1" });
    expect(calls.some(({ camera }) => camera)).toBe(false);
    await desk.open("t1");
    expect(desk.state).toMatchObject({ phase: "talk" });
  });
});
