import type { LiveLine } from "./liveText";

/** A pause in which people take breath: what stands there then is read out, although the sentence has not ended. */
const pauseMs = 2_000;
const sentence = /[.!?…:;]\s*$/;

/**
 * What of the other side's real-time text is read out by screen readers, and when: by sentences and in pauses, each part
 * once. Every character by itself would drown the voice that goes on beside it.
 */
export class Aloud {
  private readonly read = new Map<string, number>();
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly say: (text: string, by: string | undefined) => void) {}

  follow(lines: readonly LiveLine[]): void {
    const theirs = lines.filter(({ mine }) => !mine);
    clearTimeout(this.pause);
    for (const line of theirs) if (line.ended || sentence.test(line.text)) this.readOn(line);
    this.pause = setTimeout(() => {
      for (const line of theirs) this.readOn(line);
    }, pauseMs);
  }

  stop(): void {
    clearTimeout(this.pause);
  }

  private readOn({ id, text, by }: LiveLine): void {
    // What was taken back and typed anew is read again from where it was taken back.
    const from = Math.min(this.read.get(id) ?? 0, text.length);
    this.read.set(id, text.length);
    const rest = text.slice(from).trim();
    if (rest !== "") this.say(rest, by);
  }
}
