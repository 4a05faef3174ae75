import { Allowance } from "../call/allowance";
import type { Call } from "../call/call";
import { type Added, parseMessage, type Ways } from "../call/channel";
import { Store } from "../call/store";
import { Passes } from "./passes";
import type { Member } from "./circle";

/** What one side types, as far as it is known; a line ends with Enter. */
export interface LiveLine {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
  /** Who types it, where that is neither this person nor the one on the other side. */
  readonly by?: string | undefined;
  readonly ended: boolean;
  /** How often it was changed; what says less is older. */
  readonly change: number;
}

/** In UTF-16 units; fits into one message in every script. */
export const longestLine = 1_000;
const longestName = 200;
/** More than anybody types, each character said surely once more. */
const mostPassed = 300;
const passedPerMs = 0.06;
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

/** One connection over which it goes. */
interface Way {
  readonly call: Pick<Call, "attend" | "tell">;
  member?: Member;
  quick: RTCDataChannel | undefined;
  other: string | undefined;
  leave: () => void;
  readonly arrived: (event: MessageEvent<unknown>) => void;
  /** Lines that are not for who sits there: of before they came, of while they were asked out, or meant for somebody else. */
  readonly never: Set<string>;
  /** Of what they say, how much is passed on. */
  readonly passes: Passes;
}

/**
 * Real-time text (EN 301 549 §6.2): each character goes as it is typed, beside the voice and apart from the chat. A
 * message says how much of a line stays, and what follows from there; saying it twice changes nothing, and a gap shows.
 * The page of who leads a talk of several passes on what each of them types.
 */
export class LiveText {
  /** Also those of which everything was taken back. */
  readonly lines = new Store<readonly LiveLine[]>([]);
  private readonly page = crypto.randomUUID().slice(0, 8);
  private readonly main: Way;
  /** By talk. */
  private readonly company = new Map<string, Way>();
  /** Whose a line is; nobody writes into one of somebody else. */
  private authors = new Map<string, Way>();
  private timers: ReturnType<typeof setTimeout>[] = [];
  private count = 0;
  private written = "";
  private change = 0;

  constructor(
    call: Pick<Call, "attend" | "tell">,
    /** What stands in the field was for somebody who has left: it is to be emptied. */
    private readonly emptied: () => void = () => undefined,
  ) {
    this.main = this.open(call);
  }

  /** Who else is in the talk now that this page leads, beside the one on the other side. */
  meet(members: readonly Member[], name: string): void {
    this.name = name;
    for (const [talk, way] of this.company) {
      if (members.some((one) => one.call === way.call)) continue;
      this.company.delete(talk);
      shut(way);
    }
    for (const member of members) {
      const way = this.company.get(member.talk);
      if (way) way.member = member;
      else this.company.set(member.talk, this.open(member.call, member));
    }
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
    this.calm();
    for (const way of this.ways) shut(way);
  }

  /** The citizen's name, where this page leads a talk of several. */
  private name: string | undefined;

  private get id(): string {
    return `${this.page}-${this.count}`;
  }

  private get head(): Pick<Added, "t" | "line" | "change"> & { readonly line: string } {
    return { t: "type", line: this.id, change: this.change };
  }

  private get ways(): Way[] {
    return [this.main, ...this.company.values()];
  }

  private open(call: Pick<Call, "attend" | "tell">, member?: Member): Way {
    const way: Way = {
      call,
      ...(member && { member }),
      quick: undefined,
      other: undefined,
      leave: () => undefined,
      arrived: quickly((message) => {
        this.heard(way, message, true);
      }),
      never: new Set(this.lines.value.map(({ id }) => id)),
      passes: new Passes(mostPassed, passedPerMs),
    };
    way.leave = call.attend({
      heard: (message) => {
        this.heard(way, message);
      },
      opened: (ways) => {
        this.opened(way, ways);
      },
    });
    return way;
  }

  private opened(way: Way, { quick, other }: Ways): void {
    if (way.other !== undefined && way.other !== other) this.forget(way);
    way.other = other;
    way.quick?.removeEventListener("message", way.arrived);
    way.quick = quick;
    quick.addEventListener("message", way.arrived);
    this.again(way);
    // Where the channel was quicker than this page, what the other side said in it has passed already.
    way.call.tell({ t: "type", again: true });
  }

  private forget(way: Way): void {
    for (const { id } of this.lines.value) way.never.add(id);
    if (way !== this.main) return;
    this.calm();
    this.count++;
    this.written = "";
    this.emptied();
  }

  /** Quickly and again, then surely. */
  private say(message: Added & { readonly line: string }): void {
    this.calm();
    const slow = this.ways.filter((way) => this.reads(way, message.line) && !hurry(way, message));
    for (const way of slow) way.call.tell(message);
    if (slow.length === this.ways.length) return;
    const again = (): void => {
      for (const way of this.ways) if (this.reads(way, message.line)) hurry(way, message);
    };
    this.timers = [
      ...repeatsMs.map((ms) => setTimeout(again, ms)),
      setTimeout(() => {
        this.sure();
      }, sureMs),
    ];
  }

  /** The line that is being written, as a whole. */
  private sure(): void {
    const line = this.lines.value.find(({ id }) => id === this.id);
    if (line) for (const way of this.ways) if (this.reads(way, line.id)) this.tell(way, line);
  }

  private tell(way: Way, { id, change, text, ended, by }: LiveLine, old = false): void {
    const whole = { t: "type", line: id, change, at: 0, text };
    way.call.tell({
      ...whole,
      ...(ended && { end: true }),
      ...(by !== undefined && { by }),
      ...(old && { old }),
    });
  }

  private calm(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }

  /** Whether a change of a line is for who sits there; while they are asked out nothing is, nor the rest of such a line. */
  private reads({ member, never }: Way, line: string): boolean {
    if (member?.apart) never.add(line);
    return !never.has(line);
  }

  private again(way: Way): void {
    const theirs = this.lines.value.filter(
      ({ id, mine }) =>
        (mine || this.name !== undefined) && this.authors.get(id) !== way && !way.never.has(id),
    );
    for (const line of theirs.slice(-mostAgain)) this.tell(way, this.named(line), true);
  }

  /** As the others are to read it. */
  private named(line: LiveLine): LiveLine {
    return line.mine ? line : { ...line, by: line.by ?? this.name };
  }

  private heard(from: Way, message: Added, quick = false): void {
    if (message.t !== "type") return;
    if (message.again === true) this.again(from);
    const { line, change, at, text, end, old, by } = message;
    if (typeof line !== "string" || !/^[\w-]{1,32}$/.test(line)) return;
    if (!isCount(change) || !isCount(at) || at > longestLine || typeof text !== "string") return;
    const id = from.member ? `${from.member.talk.slice(0, 6)}_${line}` : line;
    const before = this.lines.value.find((known) => known.id === id);
    // Nobody writes into what this side or somebody else has said; and what comes late says nothing new.
    if (before && (this.authors.get(id) !== from || change < before.change)) return;
    const kept = (before?.text ?? "").slice(0, at).padEnd(at, lost);
    const whole = (kept + text).slice(0, longestLine);
    this.authors.set(id, from);
    const known: LiveLine = {
      id,
      mine: false,
      text: whole,
      ended: end === true,
      change,
      by: this.writer(from, by),
    };
    this.put(known);
    if (quick && change === before?.change) return; // said again for this page, which passes on what it has
    if (old === true && !before) for (const way of this.ways) way.never.add(id);
    if (from.passes.take())
      this.pass(from, known, { t: "type", line: id, change, at, text, ...(end === true && { end }) }, quick);
  }

  /** Only the page of who leads the talk says who somebody else is. */
  private writer(from: Way, by: unknown): string | undefined {
    if (this.name !== undefined) return from.member?.name;
    return typeof by === "string" ? by.slice(0, longestName) : undefined;
  }

  private pass(from: Way, line: LiveLine, message: Added, quick: boolean): void {
    if (this.name === undefined) return;
    const { by } = this.named(line);
    for (const way of this.ways) {
      if (from.member?.apart) way.never.add(line.id);
      if (way === from || !this.reads(way, line.id)) continue;
      if (!quick || !hurry(way, { ...message, by })) way.call.tell({ ...message, by });
    }
  }

  private put(line: LiveLine): void {
    const now = this.lines.value;
    const known = now.some(({ id }) => id === line.id);
    const next = known ? now.map((other) => (other.id === line.id ? line : other)) : inPlace(now, line);
    this.lines.set(next.slice(-mostLines));
    const left = new Set(this.lines.value.map(({ id }) => id));
    for (const id of this.authors.keys()) if (!left.has(id)) this.authors.delete(id);
  }
}

function shut(way: Way): void {
  way.leave();
  way.quick?.removeEventListener("message", way.arrived);
}

function hurry({ quick }: Way, message: Added): boolean {
  if (quick?.readyState !== "open") return false;
  try {
    quick.send(JSON.stringify(message));
    return true;
  } catch {
    return false; // Closing.
  }
}

function quickly(heard: (message: Added) => void): Way["arrived"] {
  const allowance = new Allowance();
  return ({ data }) => {
    const message = allowance.take() ? parseMessage(data) : undefined;
    if (message?.t === "more") heard(message.message);
  };
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
