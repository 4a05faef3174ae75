import { Allowance } from "../call/allowance";
import type { Call } from "../call/call";
import { type Added, parseMessage, type Ways } from "../call/channel";
import { Store } from "../call/store";

/** What one side types, as far as it is known; a line ends with Enter. */
export interface LiveLine {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
  readonly ended: boolean;
  /** How often it was changed; what says less is older. */
  readonly change: number;
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
 * Each message also says what stands before what is new, so that it heals what was lost of the messages before it, as
 * RFC 4103 §4 does by repeating.
 */
const redundant = 60;
/** Where nothing new comes that would heal it, the latest message itself is said again, after so many ms. */
const repeatsMs = [80, 160];
/** In a pause the whole line goes the sure way, however long that takes. */
const sureMs = 400;

/**
 * Real-time text (EN 301 549 §6.2): each character goes as it is typed, beside the voice and apart from the chat. A
 * message says how much of a line stays, and what follows from there; saying it twice changes nothing, and a gap shows.
 */
export class LiveText {
  /** Also those of which everything was taken back. */
  readonly lines = new Store<readonly LiveLine[]>([]);
  private readonly page = crypto.randomUUID().slice(0, 8);
  private readonly allowance = new Allowance();
  private readonly leave: () => void;
  private quick: RTCDataChannel | undefined;
  private timers: ReturnType<typeof setTimeout>[] = [];
  private count = 0;
  private written = "";
  private change = 0;
  private other: string | undefined;
  /** Lines of this side that were meant for somebody who has left the talk to another. */
  private passed = new Set<string>();

  constructor(
    private readonly call: Pick<Call, "attend" | "tell">,
    /** What stands in the field was for somebody who has left: it is to be emptied. */
    private readonly emptied: () => void = () => undefined,
  ) {
    this.leave = call.attend({
      heard: (message) => {
        this.heard(message);
      },
      opened: (ways) => {
        this.opened(ways);
      },
    });
  }

  /** What stands in the field now. */
  write(text: string): void {
    const now = text.slice(0, longestLine);
    if (now === this.written) return;
    const at = Math.max(0, common(this.written, now) - redundant);
    this.written = now;
    this.change++;
    this.put({ id: this.id, mine: true, text: now, ended: false, change: this.change });
    this.say({ ...this.head, at, text: now.slice(at) });
  }

  /** Enter: the next character begins a new line. */
  end(): void {
    if (this.written === "") return;
    this.change++;
    this.put({ id: this.id, mine: true, text: this.written, ended: true, change: this.change });
    this.say({ ...this.head, at: this.written.length, text: "", end: true });
    this.sure();
    this.count++;
    this.written = "";
  }

  close(): void {
    this.leave();
    this.calm();
    this.quick?.removeEventListener("message", this.arrived);
  }

  private get id(): string {
    return `${this.page}-${this.count}`;
  }

  private get head(): Pick<Added, "t" | "line" | "change"> {
    return { t: "type", line: this.id, change: this.change };
  }

  private opened({ quick, other }: Ways): void {
    if (this.other !== undefined && this.other !== other) this.forget();
    this.other = other;
    this.quick?.removeEventListener("message", this.arrived);
    this.quick = quick;
    quick.addEventListener("message", this.arrived);
    this.again();
    // Where the channel was quicker than this page, what the other side said in it has passed already.
    this.call.tell({ t: "type", again: true });
  }

  private forget(): void {
    this.calm();
    this.passed = new Set(this.lines.value.map(({ id }) => id));
    this.count++;
    this.written = "";
    this.emptied();
  }

  private readonly arrived = ({ data }: MessageEvent<unknown>): void => {
    const message = this.allowance.take() ? parseMessage(data) : undefined;
    if (message?.t === "more") this.heard(message.message);
  };

  /** Quickly and again, then surely. */
  private say(message: Added): void {
    this.calm();
    if (!this.hurry(message)) {
      this.call.tell(message);
      return;
    }
    this.timers = [
      ...repeatsMs.map((ms) => setTimeout(() => this.hurry(message), ms)),
      setTimeout(() => {
        this.sure();
      }, sureMs),
    ];
  }

  private hurry(message: Added): boolean {
    if (this.quick?.readyState !== "open") return false;
    try {
      this.quick.send(JSON.stringify(message));
      return true;
    } catch {
      return false; // Closing.
    }
  }

  /** The line that is being written, as a whole. */
  private sure(): void {
    const line = this.lines.value.find(({ id }) => id === this.id);
    if (line) this.tell(line);
  }

  private tell({ id, change, text, ended }: LiveLine): void {
    this.call.tell({ t: "type", line: id, change, at: 0, text, ...(ended ? { end: true } : {}) });
  }

  private calm(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  private again(): void {
    const own = this.lines.value.filter(({ id, mine }) => mine && !this.passed.has(id));
    for (const line of own.slice(-mostAgain)) this.tell(line);
  }

  private heard({ t, again, line, change, at, text, end }: Added): void {
    if (t === "type" && again === true) this.again();
    if (t !== "type" || typeof line !== "string" || !/^[\w-]{1,32}$/.test(line)) return;
    if (!isCount(change) || !isCount(at) || at > longestLine || typeof text !== "string") return;
    const before = this.lines.value.find(({ id }) => id === line);
    // Nobody writes into what this side has said; and what comes late says nothing new.
    if (before && (before.mine || change < before.change)) return;
    const kept = (before?.text ?? "").slice(0, at).padEnd(at, lost);
    const whole = (kept + text).slice(0, longestLine);
    this.put({ id: line, mine: false, text: whole, ended: end === true, change });
  }

  private put(line: LiveLine): void {
    const now = this.lines.value;
    const known = now.some(({ id }) => id === line.id);
    const next = known ? now.map((other) => (other.id === line.id ? line : other)) : inPlace(now, line);
    this.lines.set(next.slice(-mostLines));
  }
}

/** Before what the same page began later: what is said again may come after what is new. */
function inPlace(lines: readonly LiveLine[], line: LiveLine): LiveLine[] {
  const page = ({ id }: LiveLine): string => id.slice(0, id.lastIndexOf("-"));
  const later = lines.findIndex((other) => page(other) === page(line) && other.change > line.change);
  return later < 0 ? [...lines, line] : [...lines.slice(0, later), line, ...lines.slice(later)];
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** How long two texts are the same from their beginning; no character of two units is cut in half. */
function common(one: string, two: string): number {
  let at = 0;
  while (at < one.length && at < two.length && one[at] === two[at]) at++;
  const half = at > 0 && /[\uD800-\uDBFF]/.test(one[at - 1] ?? "");
  return half ? at - 1 : at;
}
