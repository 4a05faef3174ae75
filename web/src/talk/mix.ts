import { after } from "../call/after";

const startMs = 500;

/** One track out of two: what a shown screen plays, and the microphone. A talk has one sound each way, from its beginning. */
export class Mix {
  private readonly out: MediaStreamAudioDestinationNode;
  private heard: MediaStreamTrack | undefined;
  private microphone: MediaStreamAudioSourceNode | undefined;

  private constructor(
    private readonly context: AudioContext,
    sound: MediaStreamTrack,
  ) {
    this.out = context.createMediaStreamDestination();
    context.createMediaStreamSource(new MediaStream([sound])).connect(this.out);
  }

  /** Undefined where the browser cannot, or does not let it start: the microphone must not fall silent for that. */
  static async of(sound: MediaStreamTrack): Promise<Mix | undefined> {
    try {
      const context = new AudioContext();
      await Promise.race([context.resume().catch(() => undefined), after(startMs)]);
      if (context.state === "running") return new Mix(context, sound);
      void context.close().catch(() => undefined);
    } catch {
      // Without a device for sound, or with a sound that has just ended.
    }
    return undefined;
  }

  get tracks(): MediaStreamTrack[] {
    return this.out.stream.getAudioTracks();
  }

  /** Which microphone goes in; one that is muted goes in as silence. */
  hear(microphone: MediaStreamTrack | undefined): void {
    if (microphone === this.heard) return;
    this.microphone?.disconnect();
    this.heard = microphone;
    this.microphone = microphone && this.context.createMediaStreamSource(new MediaStream([microphone]));
    this.microphone?.connect(this.out);
  }

  close(): void {
    void this.context.close().catch(() => undefined);
  }
}
