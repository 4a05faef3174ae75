import { beforeEach, expect, test, vi } from "vitest";
import { LocalMedia } from "./local";

/** A device that is open until it is stopped; as much of a track as is looked at here. */
function device(kind: "audio" | "video"): MediaStreamTrack & { stopped: number } {
  const track = Object.assign(new EventTarget(), {
    kind,
    enabled: true,
    stopped: 0,
    stop() {
      track.stopped++;
    },
  });
  return track as unknown as MediaStreamTrack & { stopped: number };
}

function acquired(...tracks: MediaStreamTrack[]): Parameters<LocalMedia["use"]>[0] {
  const stream = {
    getTracks: () => tracks,
    getAudioTracks: () => tracks.filter(({ kind }) => kind === "audio"),
    getVideoTracks: () => tracks.filter(({ kind }) => kind === "video"),
  };
  return { stream: stream as unknown as MediaStream, camera: "ok", microphone: "ok" };
}

test("devices that are handed over twice stay open, those that they replace are closed", () => {
  globalThis.MediaStream = class {
    getTracks = () => [];
  } as unknown as typeof MediaStream;
  const local = new LocalMedia(() => undefined);
  const [first, second] = [device("video"), device("video")];
  const devices = acquired(first);
  local.use(devices);
  local.use(devices);
  expect(first.stopped).toBe(0);
  local.use(acquired(second));
  expect([first.stopped, second.stopped]).toEqual([1, 0]);
});

test("a shown screen brings its own sound, and the microphone is back when it is shown no more", () => {
  const stream = (...tracks: MediaStreamTrack[]): MediaStream => acquired(...tracks).stream;
  const local = new LocalMedia(() => undefined);
  const sent: Record<string, MediaStreamTrack | null> = {};
  const sender = (kind: string): RTCRtpSender =>
    ({
      track: null,
      replaceTrack: (track: MediaStreamTrack | null) => Promise.resolve((sent[kind] = track)),
    }) as unknown as RTCRtpSender;
  const [microphone, mixed, window] = [device("audio"), device("audio"), device("video")];
  local.use(acquired(microphone));
  local.connect({ audio: sender("audio"), camera: sender("camera"), screen: sender("screen") });
  local.attach();
  local.show(stream(mixed, window));
  expect(sent).toMatchObject({ audio: mixed, screen: window });
  expect(local.state.sharing).toBe(true);
  local.show(undefined);
  expect(sent).toMatchObject({ audio: microphone });
  expect([mixed.stopped, window.stopped, microphone.stopped]).toEqual([1, 1, 0]);
  local.close();
  local.show(stream(window));
  expect(window.stopped).toBe(2);
});

/** A stream as browsers have it, with as much as is needed here. */
class Stream {
  private readonly tracks: MediaStreamTrack[] = [];
  getTracks = (): MediaStreamTrack[] => [...this.tracks];
  getAudioTracks = (): MediaStreamTrack[] => this.tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = (): MediaStreamTrack[] => this.tracks.filter(({ kind }) => kind === "video");
  addTrack = (track: MediaStreamTrack): void => void this.tracks.push(track);
  removeTrack = (track: MediaStreamTrack): void => void this.tracks.splice(this.tracks.indexOf(track), 1);
}

interface Opened {
  local: LocalMedia;
  opened: ReturnType<typeof device>[];
  sent: (MediaStreamTrack | null)[];
  /** The devices that were asked for are open now. */
  open: () => void;
}

/** Sends into one sender of each sort; devices open when the test says so. */
function opening(): Opened {
  const opened: ReturnType<typeof device>[] = [];
  const waiting: (() => void)[] = [];
  vi.stubGlobal("MediaStream", Stream);
  vi.stubGlobal("navigator", {
    mediaDevices: {
      getUserMedia: ({ audio }: MediaStreamConstraints) =>
        new Promise((resolve) => {
          waiting.push(() => {
            const stream = new Stream();
            opened.push(device(audio ? "audio" : "video"));
            stream.addTrack(opened.at(-1) as MediaStreamTrack);
            resolve(stream);
          });
        }),
    },
  });
  const local = new LocalMedia(() => undefined);
  const sent: (MediaStreamTrack | null)[] = [];
  const sender = (): RTCRtpSender =>
    ({
      track: null,
      replaceTrack: (track: MediaStreamTrack | null) => Promise.resolve(void sent.push(track)),
    }) as unknown as RTCRtpSender;
  local.connect({ audio: sender(), camera: sender(), screen: sender() });
  local.attach();
  return { local, opened, sent, open: () => waiting.splice(0).forEach((ready) => ready()) };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => void vi.unstubAllGlobals());

test("a camera that is asked for twice while it opens is opened once, and off when it is off", async () => {
  const { local, opened, open } = opening();
  void local.setCamera(true);
  void local.setCamera(true);
  await settled();
  open();
  await settled();
  open();
  await settled();
  await local.setCamera(false);
  expect(local.state.camera).toBe("off");
  expect(opened.map(({ stopped }) => stopped)).toEqual([1]);
});

test("a camera that is asked for while the devices of the talk still open is one camera", async () => {
  const { local, opened, open } = opening();
  void local.setCamera(true);
  await settled();
  const first = device("video");
  const stream = new Stream();
  stream.addTrack(first);
  local.use({ stream: stream as unknown as MediaStream, camera: "ok", microphone: "off" });
  open();
  await settled();
  await local.setCamera(false);
  expect([first, ...opened].map(({ stopped }) => stopped)).toEqual([1, 1]);
});

test("two cameras chosen one after the other are one, the last", async () => {
  const { local, opened, open } = opening();
  void local.useCamera("one");
  void local.useCamera("two");
  for (let step = 0; step < 3; step++) {
    await settled();
    open();
  }
  await settled();
  expect(opened.map(({ stopped }) => stopped)).toEqual([1, 0]);
  await local.setCamera(false);
  expect(opened.map(({ stopped }) => stopped)).toEqual([1, 1]);
});

test("another microphone is never heard while sound is off", async () => {
  const { local, opened, open, sent } = opening();
  const heard: boolean[] = [];
  void local.useMicrophone("other");
  await settled();
  open();
  await settled();
  for (const track of sent) if (track?.kind === "audio") heard.push(track.enabled);
  expect(opened[0]?.enabled).toBe(false);
  expect(heard).not.toContain(true);
  expect(local.state.mic).toBe("off");
});

test("while the talk is halted nothing goes out, neither what was on nor what is switched on or shown meanwhile", async () => {
  const states: unknown[] = [];
  const local = new LocalMedia(({ held, mic }) => states.push([held, mic]));
  const sent: Record<string, MediaStreamTrack | null> = {};
  const sender = (kind: string): RTCRtpSender => {
    const made = {
      track: null as MediaStreamTrack | null,
      replaceTrack(track: MediaStreamTrack | null) {
        made.track = sent[kind] = track;
        return Promise.resolve();
      },
    };
    return made as unknown as RTCRtpSender;
  };
  const [microphone, camera, screen] = [device("audio"), device("video"), device("video")];
  local.use(acquired(microphone, camera));
  local.connect({ audio: sender("audio"), camera: sender("camera"), screen: sender("screen") });
  local.attach();
  expect([sent.audio, sent.camera, local.sends]).toEqual([microphone, camera, true]);
  local.hold(true);
  await local.setMic(false);
  await local.setMic(true);
  local.show(acquired(screen).stream);
  expect([sent.audio, sent.camera, sent.screen ?? null, local.sends]).toEqual([null, null, null, false]);
  expect(states.at(-1)).toEqual([true, "ok"]);
  local.hold(false);
  expect([sent.audio, sent.camera, sent.screen]).toEqual([microphone, camera, screen]);
  expect([microphone.stopped, camera.stopped]).toEqual([0, 0]);
});
