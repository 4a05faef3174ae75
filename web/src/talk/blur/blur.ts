import model from "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite?url";
import code from "./backdrop?worker&url";
import type { Begin, Said } from "./words";

/** In ms: for a quarter of a megabyte over a bad mobile network, and for the first picture on a slow computer. */
const longestLoad = 60_000;
const longestStart = 20_000;

/** Chromium's way to a camera's single pictures; Firefox has none, and Safari another one, which nobody here could try. */
interface Ends {
  MediaStreamTrackProcessor: new (init: { track: MediaStreamTrack; maxBufferSize: number }) => {
    readable: ReadableStream<VideoFrame>;
  };
  MediaStreamTrackGenerator: new (init: { kind: "video" }) => MediaStreamTrack & {
    writable: WritableStream<VideoFrame>;
  };
}

function ends(): Ends | undefined {
  const found = globalThis as unknown as Partial<Ends>;
  const { MediaStreamTrackProcessor: processor, MediaStreamTrackGenerator: generator } = found;
  return processor && generator && "OffscreenCanvas" in globalThis
    ? { MediaStreamTrackProcessor: processor, MediaStreamTrackGenerator: generator }
    : undefined;
}

export function canBlur(): boolean {
  return ends() !== undefined;
}

interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL: (url: string) => string;
  };
}

const { trustedTypes } = globalThis as { trustedTypes?: Policies };
/** Browsers with Trusted Types let a policy say once in a page which code a worker may be: this one, and no other. */
const address =
  trustedTypes?.createPolicy("visavis-worker", { createScriptURL: () => code }).createScriptURL("") ?? code;

/** What makes a camera's track into one whose background is blurred; another way to do so could take its place. */
export interface Blurring {
  /**
   * A track that ends with the one given, and the other way round; rejects where there are no blurred pictures. `failed`
   * is called when there are none any more: the track has ended by then, and nothing else is shown in its place.
   */
  blurred(track: MediaStreamTrack, failed: () => void): Promise<MediaStreamTrack>;
}

export class Blur implements Blurring {
  private kept: ArrayBuffer | undefined;

  async blurred(track: MediaStreamTrack, failed: () => void): Promise<MediaStreamTrack> {
    const way = ends();
    if (!way) throw new Error("no way to the pictures");
    const bytes = await this.load();
    const worker = new Worker(address);
    const { readable: from } = new way.MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    const out = new way.MediaStreamTrackGenerator({ kind: "video" });
    const begin: Begin = { model: bytes.slice(0), from, to: out.writable };
    const transfer = [begin.model, from, out.writable] as unknown as Transferable[];
    const end = (): void => {
      worker.terminate();
      track.stop();
      MediaStreamTrack.prototype.stop.call(out);
    };
    await begun(worker, begin, transfer, () => {
      end();
      failed();
      out.dispatchEvent(new Event("ended"));
    });
    track.addEventListener("ended", () => {
      end();
      out.dispatchEvent(new Event("ended"));
    });
    // Whoever has it stops the camera by it, and asks it which camera that is.
    return Object.assign(out, { stop: end, getSettings: () => track.getSettings() });
  }

  private async load(): Promise<ArrayBuffer> {
    if (this.kept) return this.kept;
    const response = await fetch(model, { signal: AbortSignal.timeout(longestLoad) });
    if (!response.ok) throw new Error(`${response.status} ${model}`);
    return (this.kept = await response.arrayBuffer());
  }
}

/** Settles with the first blurred picture, or that there is none; `lost` is called for what comes after it. */
function begun(worker: Worker, begin: Begin, transfer: Transferable[], lost: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let blurs = false;
    const refuse = (): void => {
      clearTimeout(late);
      worker.terminate();
      if (blurs) lost();
      else reject(new Error("no blurred picture"));
    };
    const late = setTimeout(refuse, longestStart);
    worker.onerror = refuse;
    worker.onmessage = ({ data }: MessageEvent<Said>) => {
      if (data === "failed") {
        refuse();
        return;
      }
      clearTimeout(late);
      blurs = true;
      resolve();
    };
    worker.postMessage(begin, transfer);
  });
}
