import { describe, expect, it, vi } from "vitest";
import { Branch } from "./branch";
import type { Call } from "./call";
import { LocalMedia } from "./local";
import type { Senders } from "./peer";
import type { LocalState } from "./state";
import { Store } from "./store";

type Track = {
  kind: string;
  stopped: boolean;
  stop: () => void;
  addEventListener: () => void;
  enabled: boolean;
};

function track(kind: string): Track {
  const made: Track = {
    kind,
    stopped: false,
    enabled: true,
    stop: () => (made.stopped = true),
    addEventListener: () => undefined,
  };
  return made;
}

class Stream {
  constructor(private readonly tracks: Track[] = []) {}
  getTracks = (): Track[] => this.tracks;
  getAudioTracks = (): Track[] => this.tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = (): Track[] => this.tracks.filter(({ kind }) => kind === "video");
}

function senders(): { sent: () => (string | undefined)[]; senders: Senders } {
  const one = (): { track: Track | null; replaceTrack: (next: Track | null) => Promise<void> } => {
    const made = {
      track: null as Track | null,
      replaceTrack: (next: Track | null): Promise<void> => {
        made.track = next;
        return Promise.resolve();
      },
    };
    return made;
  };
  const all = { audio: one(), camera: one(), screen: one() };
  return {
    sent: () => [all.audio.track?.kind, all.camera.track?.kind, all.screen.track?.kind],
    senders: all as unknown as Senders,
  };
}

/** A talk whose camera and microphone are on, and one beside it. */
function talk(): {
  local: LocalMedia;
  tracks: Track[];
  branch: Branch;
  to: ReturnType<typeof senders>;
  heard: ReturnType<typeof vi.fn>;
} {
  vi.stubGlobal("MediaStream", Stream);
  const state = new Store({ local: {} as LocalState });
  const local = new LocalMedia((now) => {
    state.set({ local: now });
  });
  const tracks = [track("audio"), track("video")];
  local.use({ stream: new Stream(tracks) as unknown as MediaStream, camera: "ok", microphone: "ok" });
  local.attach();
  const heard = vi.fn();
  const branch = new Branch(
    { state: state.value, subscribe: state.subscribe.bind(state) } as unknown as Call,
    heard,
  );
  const to = senders();
  branch.connect(to.senders);
  return { local, tracks, branch, to, heard };
}

describe("sound and pictures for one more person", () => {
  it("are those of the talk, as long as it is not halted", () => {
    const { local, to, heard } = talk();
    expect(to.sent()).toEqual(["audio", "video", undefined]);
    local.hold(true);
    expect(to.sent()).toEqual([undefined, undefined, undefined]);
    expect(heard).toHaveBeenLastCalledWith(expect.objectContaining({ held: true }));
    local.hold(false);
    expect(to.sent()).toEqual(["audio", "video", undefined]);
  });

  it("are halted for that one alone", () => {
    const { local, branch, to } = talk();
    const main = senders();
    local.connect(main.senders);
    branch.hold(true);
    expect(to.sent()).toEqual([undefined, undefined, undefined]);
    expect(main.sent()).toEqual(["audio", "video", undefined]);
    expect([branch.state.held, branch.sends, local.state.held]).toEqual([true, false, false]);
  });

  it("end without taking the devices from the others", () => {
    const { local, tracks, branch, to } = talk();
    branch.close();
    expect(tracks.map(({ stopped }) => stopped)).toEqual([false, false]);
    local.hold(true);
    local.hold(false);
    expect(to.sent()).toEqual(["audio", "video", undefined]); // no more is changed there
  });
});
