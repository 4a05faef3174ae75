// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import type { Acquired, Wanted } from "../../call/devices";
import { LocalMedia } from "../../call/local";
import { type CallState, initialState, type LocalState } from "../../call/state";
import type { Veil } from "../blur/before";
import { Finer } from "./finer";

class Track extends EventTarget {
  enabled = true;
  stopped = false;
  constructor(
    readonly kind: "audio" | "video",
    readonly id: string,
  ) {
    super();
  }
  stop(): void {
    this.stopped = true;
  }
  getSettings(): MediaTrackSettings {
    return { deviceId: this.id };
  }
}

class Stream {
  constructor(private tracks: Track[] = []) {}
  getTracks = (): Track[] => [...this.tracks];
  getVideoTracks = (): Track[] => this.tracks.filter((track) => track.kind === "video");
  getAudioTracks = (): Track[] => this.tracks.filter((track) => track.kind === "audio");
  addTrack(track: Track): void {
    this.tracks.push(track);
  }
  removeTrack(track: Track): void {
    this.tracks = this.tracks.filter((one) => one !== track);
  }
}

/**
 * One side's devices, with the real hand that opens them, a camera that is on (unless the page was loaded anew), and a way
 * to blur that may fail.
 */
async function side(before?: Veil, silent = false) {
  vi.stubGlobal("MediaStream", Stream);
  const opened: Track[] = [];
  let local: LocalState = initialState.local;
  const listeners = new Set<() => void>();
  const media = new LocalMedia((next) => {
    local = next;
    for (const listener of listeners) listener();
  });
  const open = (wanted: Wanted): Promise<Acquired> => {
    const track = new Track(wanted.camera === false ? "audio" : "video", "cam");
    opened.push(track);
    const stream = new Stream([track]) as unknown as MediaStream;
    return Promise.resolve({ stream, camera: "ok", microphone: "ok" });
  };
  const replaced: (MediaStreamTrack | null)[] = [];
  const sender = {
    replaceTrack: (track: MediaStreamTrack | null) => (replaced.push(track), Promise.resolve()),
  };
  const senders = { audio: sender, camera: sender, screen: sender };
  media.openBy = open;
  media.attach();
  media.connect(senders as unknown as Parameters<LocalMedia["connect"]>[0]);
  const blurring = { fails: false, failed: (): void => undefined };
  const call = {
    get state() {
      return { ...initialState, local };
    },
    subscribe: (heard: (state: CallState) => void) => {
      const listener = (): void => {
        heard({ ...initialState, local });
      };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    openBy: (by: LocalMedia["openBy"]) => (media.openBy = by),
    useCamera: (id: string) => media.useCamera(id),
    useMicrophone: (id: string) => media.useMicrophone(id),
    setCamera: (on: boolean) => media.setCamera(on),
  };
  const kept: Veil[] = [];
  const finer = new Finer(
    call,
    {
      blurred: (_, failed) => {
        if (blurring.fails) return Promise.reject(new Error("no worker"));
        blurring.failed = failed;
        return Promise.resolve(new Track("video", "cam") as unknown as MediaStreamTrack);
      },
    },
    before,
    (veil) => kept.push(veil),
    open,
    silent,
  );
  if (!before) await media.setCamera(true);
  /** What the page opens by itself once it is loaded anew. */
  const opensMicrophone = (): void => {
    const stream = new Stream([new Track("audio", "mic")]) as unknown as MediaStream;
    media.use({ stream, camera: "off", microphone: "ok" });
  };
  const sent = (): unknown => replaced.filter((track) => track !== null).at(-1);
  return { finer, media, call, blurring, opened, opensMicrophone, kept, sent, local: () => local };
}

describe("a blurred background", () => {
  it("takes the place of the camera's picture, until it is switched off", async () => {
    const here = await side();
    expect(here.sent()).toBe(here.opened.at(-1));
    await here.finer.blur(true);
    expect(here.finer.blurred.value).toBe("on");
    expect(here.opened).not.toContain(here.sent());
    await here.finer.blur(false);
    expect(here.sent()).toBe(here.opened.at(-1));
  });

  it("leaves the camera as it was where it cannot begin", async () => {
    const here = await side();
    here.blurring.fails = true;
    await here.finer.blur(true);
    expect(here.finer.blurred.value).toBe("failed");
    expect(here.local().camera).toBe("ok");
    expect(here.sent()).toBe(here.opened.at(-1));
  });

  it("shows nobody's background who was promised that it is blurred", async () => {
    const here = await side();
    await here.finer.blur(true);
    await here.media.setCamera(false);
    here.blurring.fails = true;
    await here.media.setCamera(true);
    expect(here.finer.blurred.value).toBe("lost");
    expect(here.local().camera).toBe("off");
    expect(here.opened.at(-1)?.stopped).toBe(true);
    expect(here.sent()).not.toBe(here.opened.at(-1));
  });

  it("switches the camera off when it fails in the middle", async () => {
    const here = await side();
    await here.finer.blur(true);
    here.blurring.failed();
    await vi.waitFor(() => {
      expect(here.local().camera).toBe("off");
    });
    expect(here.finer.blurred.value).toBe("lost");
  });

  it("covers a camera that was opened past it", async () => {
    const here = await side();
    await here.finer.blur(true);
    const bare = new Track("video", "cam");
    const stream = new Stream([bare]) as unknown as MediaStream;
    here.media.use({ stream, camera: "ok", microphone: "off" });
    await vi.waitFor(() => {
      expect(here.sent()).not.toBe(bare);
    });
  });

  it("is kept for the page that is loaded anew, with whether the camera is on", async () => {
    const here = await side();
    await here.finer.blur(true);
    expect(here.kept.at(-1)).toBe("seen");
    await here.media.setCamera(false);
    expect(here.kept.at(-1)).toBe("hidden");
    await here.media.setCamera(true);
    expect(here.kept.at(-1)).toBe("seen");
    await here.finer.blur(false);
    expect(here.kept.at(-1)).toBeUndefined();
  });

  it("comes back with the camera in a page that is loaded anew, and not without it", async () => {
    const here = await side("seen");
    expect(here.opened).toEqual([]);
    here.opensMicrophone();
    await vi.waitFor(() => {
      expect(here.local().camera).toBe("ok");
    });
    expect(here.finer.blurred.value).toBe("on");
    expect(here.opened).not.toContain(here.sent());
    expect(here.kept.at(-1)).toBe("seen");
  });

  it("comes back also where the microphone stays off, as its person had switched it off", async () => {
    const here = await side("seen", true);
    await vi.waitFor(() => {
      expect(here.local().camera).toBe("ok");
    });
    expect(here.opened).not.toContain(here.sent());
  });

  it("leaves a camera off that was off before the page was loaded anew, and blurs it later", async () => {
    const here = await side("hidden");
    here.opensMicrophone();
    expect(here.local().camera).toBe("off");
    await here.media.setCamera(true);
    expect(here.opened).not.toContain(here.sent());
  });

  it("leaves the camera off where it cannot be had in a page that is loaded anew", async () => {
    const here = await side("seen");
    here.blurring.fails = true;
    here.opensMicrophone();
    await vi.waitFor(() => {
      expect(here.finer.blurred.value).toBe("lost");
    });
    expect(here.local().camera).toBe("off");
    expect(here.sent()).not.toBe(here.opened.at(-1));
    expect(here.kept.at(-1)).toBe("hidden");
  });
});
