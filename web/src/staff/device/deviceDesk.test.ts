// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamHandlers } from "../../api/stream";
import { FakeStream, server } from "../fakes";
import { DeviceDesk } from "./deviceDesk";

const streams: FakeStream[] = [];
const released: unknown[] = [];

vi.mock("../../api/stream", () => ({
  openStream: (url: string, handlers: StreamHandlers) => {
    const stream = new FakeStream(url, handlers);
    streams.push(stream);
    return stream;
  },
}));
vi.mock("../../call/devices", () => ({
  acquire: () => Promise.resolve({ stream: "camera", camera: "ok", microphone: "missing" }),
  stopStream: (stream: unknown) => released.push(stream),
}));

const me = { id: "sommer", name: "Frau Sommer", agency: { slug: "demo" } };
const use = "/api/staff/devices/use";

function opened(hash = ""): DeviceDesk {
  history.replaceState(null, "", `/staff/device${hash}`);
  return new DeviceDesk();
}

beforeEach(() => {
  streams.length = released.length = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test("a link does nothing before the click, and is gone from the address after it", async () => {
  const { posted, bodies } = server({ [use]: { body: me } });
  const desk = opened("#demo.secret");
  await desk.open();
  expect(desk.state.phase).toBe("link");
  expect(posted).toEqual([]);
  await desk.pair();
  expect(bodies).toEqual([{ agency: "demo", secret: "secret" }]);
  expect(location.hash).toBe("");
  expect(desk.state).toMatchObject({ phase: "check", me });
  expect(streams.map(({ url }) => url)).toEqual(["/api/staff/device/stream"]);
});

test("a link that is used up is said, and nothing is opened", async () => {
  server({ [use]: { status: 410, body: { code: "device.link" } } });
  const desk = opened("#demo.secret");
  await desk.open();
  await desk.pair();
  expect(desk.state).toMatchObject({ phase: "link", refusal: { code: "device.link" } });
  expect(streams).toEqual([]);
});

test("a page that is loaded again is a device still, and wants a click for the camera", async () => {
  server({ "/api/staff/device": { body: me } });
  const desk = opened();
  await desk.open();
  streams[0]?.say("talk", { id: "t1" });
  expect(desk.state).toMatchObject({ phase: "check", talk: "t1" });
  await desk.check();
  expect(desk.state).toMatchObject({ phase: "ready", found: { camera: "ok", microphone: "missing" } });
  expect(released).toEqual(["camera"]);
  streams[0]?.say("talk", {});
  expect(desk.state.talk).toBeUndefined();
});

test("a browser that is no device says so, also where somebody is signed in themselves", async () => {
  for (const [status, code] of [
    [401, "session.none"],
    [409, "device.here"],
  ] as const) {
    server({ "/api/staff/device": { status, body: { code } } });
    const desk = opened();
    await desk.open();
    expect(desk.state).toMatchObject({ phase: "none", refusal: undefined });
  }
});

test("it is over when the desktop says so, and goes on when only its person's desks have changed", async () => {
  server({ "/api/staff/device": { body: me } });
  const desk = opened();
  await desk.open();
  streams[0]?.say("talk", { id: "t1" });
  streams[0]?.say("bye", { reason: "rights" });
  expect(streams).toHaveLength(2);
  expect(desk.state.phase).toBe("check");
  streams[1]?.say("bye", { reason: "signed-out" });
  expect(desk.state).toMatchObject({ phase: "over", talk: undefined });
  expect(streams.every(({ closed }) => closed)).toBe(true);
});
