import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { unfreeze } from "./unfreeze";

class Video {
  set: unknown[] = [];
  #stream: unknown = "stream";
  #shown: (() => void) | undefined;

  get srcObject(): unknown {
    return this.#stream;
  }
  set srcObject(stream: unknown) {
    this.set.push((this.#stream = stream));
  }
  requestVideoFrameCallback(shown: () => void): number {
    this.#shown = shown;
    return 1;
  }
  cancelVideoFrameCallback(): void {
    this.#shown = undefined;
  }
  show(): void {
    this.#shown?.();
  }
}

let video: Video;
const play = vi.fn();
const begin = (): (() => void) => unfreeze(video as unknown as HTMLVideoElement, play);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("HTMLVideoElement", Video);
  video = new Video();
  play.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a picture that stands still after a gap is shown anew", () => {
  begin();
  vi.advanceTimersByTime(1_000);
  expect(video.set).toEqual([null, "stream"]);
  expect(play).toHaveBeenCalledOnce();
});

test("one that moves is left as it is, and so is one that nobody waits for any more", () => {
  begin();
  video.show();
  vi.advanceTimersByTime(1_000);
  begin()();
  vi.advanceTimersByTime(1_000);
  expect(video.set).toEqual([]);
});

test("a browser that cannot tell is left alone", () => {
  vi.stubGlobal("HTMLVideoElement", class {});
  begin();
  vi.advanceTimersByTime(1_000);
  expect(video.set).toEqual([]);
});
