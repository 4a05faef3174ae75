import type { Call } from "../call/call";
import type { Added } from "../call/channel";
import { Store } from "../call/store";

/** What one side types, as far as it is known; a line ends with Enter. */
export interface LiveLine {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
  readonly ended: boolean;
}

/** In UTF-16 units; fits into one message in every script. */
export const longestLine = 1_000;
/** The oldest go first. */
export const mostLines = 50;
/** What is said again to a page that may be new. */
const mostAgain = 10;
/** T.140 §8.2 (ITU-T): stands for what got lost, so that nobody takes the rest for the whole. */
const lost = "\uFFFD";

/**
 * Real-time text (EN 301 549 §6.2): each character goes as it is typed, beside the voice and apart from the chat. A
 * message says how much of a line stays, and what follows from there; saying it twice changes nothing, and a gap shows.
 */
export class LiveText {
  readonly lines = new Store<readonly LiveLine[]>([]);
  private readonly page = crypto.randomUUID().slice(0, 8);
  private count = 0;
  private written = "";
  private readonly leave: () => void;

  constructor(private readonly call: Pick<Call, "attend" | "tell">) {
    this.leave = call.attend({
      heard: (message) => {
        this.heard(message);
      },
      opened: () => {
        this.again();
      },
    });
    // Where the channel was quicker than this page, what the other side said in it has passed already.
    call.tell({ t: "type", again: true });
  }

  /** What stands in the field now. */
  write(text: string): void {
    const now = text.slice(0, longestLine);
    if (now === this.written) return;
    const at = common(this.written, now);
    this.written = now;
    this.put({ id: this.id, mine: true, text: now, ended: false });
    this.call.tell({ t: "type", line: this.id, at, text: now.slice(at) });
  }

  /** Enter: the next character begins a new line. */
  end(): void {
    if (this.written === "") return;
    this.put({ id: this.id, mine: true, text: this.written, ended: true });
    this.call.tell({ t: "type", line: this.id, at: this.written.length, text: "", end: true });
    this.count++;
    this.written = "";
  }

  close(): void {
    this.leave();
  }

  private get id(): string {
    return `${this.page}-${this.count}`;
  }

  private heard({ t, again, line, at, text, end }: Added): void {
    if (t === "type" && again === true) this.again();
    if (t !== "type" || typeof line !== "string" || !/^[\w-]{1,32}$/.test(line)) return;
    if (typeof at !== "number" || !(at >= 0 && at <= longestLine) || typeof text !== "string") return;
    const before = this.lines.value.find(({ id }) => id === line);
    // Nobody writes into what this side has said.
    if (before?.mine) return;
    const kept = (before?.text ?? "").slice(0, at).padEnd(Math.floor(at), lost);
    const whole = (kept + text).slice(0, longestLine);
    this.put({ id: line, mine: false, text: whole, ended: end === true });
  }

  private again(): void {
    const mine = this.lines.value.filter((line) => line.mine).slice(-mostAgain);
    for (const { id, text, ended } of mine)
      this.call.tell({ t: "type", line: id, at: 0, text, ...(ended ? { end: true } : {}) });
  }

  private put(line: LiveLine): void {
    const now = this.lines.value;
    const known = now.some(({ id }) => id === line.id);
    const next = known ? now.map((other) => (other.id === line.id ? line : other)) : [...now, line];
    this.lines.set(next.filter(({ text, ended }) => text !== "" || !ended).slice(-mostLines));
  }
}

/** How long two texts are the same from their beginning; no character of two units is cut in half. */
function common(one: string, two: string): number {
  let at = 0;
  while (at < one.length && at < two.length && one[at] === two[at]) at++;
  const half = at > 0 && /[\uD800-\uDBFF]/.test(one[at - 1] ?? "");
  return half ? at - 1 : at;
}
