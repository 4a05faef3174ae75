import { acquire, type Acquired, stopStream, type Wanted } from "../call/devices";

/** Asks for camera and microphone. People take their time to answer: only the newest question's answer is wanted. */
export class Asking {
  private asked = 0;

  /** Asks at once. What comes back waits for the answer, unless nobody wants it any more: then the devices are closed. */
  ask(wanted: Wanted): () => Promise<Acquired | undefined> {
    const asked = ++this.asked;
    const opening = acquire(wanted);
    return async () => {
      const devices = await opening;
      if (asked === this.asked) return devices;
      stopStream(devices.stream);
      return undefined;
    };
  }

  forget(): void {
    this.asked++;
  }
}
