import { expect, test } from "vitest";
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
