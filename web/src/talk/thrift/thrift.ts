import type { Call } from "../../call/call";
import type { Ways } from "../../call/channel";
import { Store } from "../../call/store";
import { Encodings } from "./encodings";
import { type Level, levelOf, thriftier } from "./levels";
import { Packing } from "./packing";
import { linesOf } from "./shown";
import { carried, Spent } from "./spent";
import { type Around, lookOf, Strain, type Strained } from "./strain";
import { Unhurried } from "./unhurried";

type Sparing = Pick<Call, "attend" | "tell" | "setCamera" | "state">;

export interface Sum {
  readonly bytes: number;
  readonly inTenMinutes: number | undefined;
}

/** Every second look counts what the talk takes. */
const lookMs = 2_500;
/** What the other side wishes is obeyed no more often: nobody's pictures jump because somebody else plays with a button. */
const wishMs = 3_000;
const sizeMs = 1_000;
/** A camera that its person has switched on again is not switched off for the other side's sake once more before that. */
const offMs = 60_000;
const nothing: Strained = { pictures: false, voice: false };

/**
 * What this side wants to save, what the other one does, and what it takes; how large the other one shows this side's
 * picture; and what the way between them carries. Each page says all this to the other.
 */
export class Thrift {
  readonly mine = new Store<Level>("full");
  readonly theirs = new Store<Level>("full");
  readonly spent = new Store<Sum>({ bytes: 0, inTenMinutes: undefined });
  readonly strained = new Store<Strained>(nothing);
  readonly theirStrain = new Store<Strained>(nothing);
  private readonly sum = new Spent();
  private readonly strain = new Strain();
  private readonly encodings = new Encodings();
  private readonly packing = new Packing();
  private long = true;
  private ways: Ways | undefined;
  private lines: number | undefined;
  private shownLines: number | undefined;
  private offAt = Number.NEGATIVE_INFINITY;
  private looks = 0;
  private lookedAt: number | undefined;
  private readonly leave: () => void;
  private readonly looking: ReturnType<typeof setInterval>;
  private readonly wishes = {
    level: new Unhurried<Level>(wishMs, (level) => {
      this.hear(level);
    }),
    lines: new Unhurried<number>(sizeMs, (lines) => {
      this.lines = lines;
      this.limit();
    }),
    strain: new Unhurried<Strained>(wishMs, (strained) => {
      this.theirStrain.set(strained);
      this.limit();
    }),
  };

  constructor(
    private readonly call: Sparing,
    before: Level,
  ) {
    this.mine.set(before);
    this.leave = call.attend({
      heard: (message) => {
        this.heard(message);
      },
      opened: (ways) => {
        if (this.ways && this.ways.pc !== ways.pc) this.begin();
        this.ways = ways;
        this.tell();
        this.call.tell({ t: "thrift?" }); // this page, or this part of it, may have come after it was said
        this.limit();
      },
    });
    this.looking = setInterval(() => void this.look(), lookMs);
    void this.look();
  }

  set(level: Level): void {
    this.mine.set(level);
    this.call.tell({ t: "thrift", level });
    if (level === "none") void this.call.setCamera(false);
    this.limit();
  }

  /** So many lines of the other side's picture are to be seen here. */
  shows(lines: number): void {
    this.shownLines = lines;
    this.call.tell({ t: "shown", lines });
  }

  close(): void {
    clearInterval(this.looking);
    for (const wish of Object.values(this.wishes)) wish.forget();
    this.leave();
  }

  private heard(message: Readonly<Record<string, unknown>>): void {
    if (message.t === "thrift") this.wishes.level.wish(levelOf(message.level));
    if (message.t === "thrift?") this.tell();
    if (message.t === "strain")
      this.wishes.strain.wish({ pictures: message.pictures === true, voice: message.voice === true });
    const lines = message.t === "shown" ? linesOf(message.lines) : undefined;
    if (lines !== undefined) this.wishes.lines.wish(lines);
  }

  /** Another page, of which nothing is known; it says so again if there is anything. */
  private begin(): void {
    this.sum.begin();
    this.strain.begin();
    for (const wish of Object.values(this.wishes)) wish.forget();
    this.theirs.set("full");
    this.theirStrain.set(nothing);
    this.lines = undefined;
  }

  private tell(): void {
    if (this.mine.value !== "full") this.call.tell({ t: "thrift", level: this.mine.value });
    if (this.shownLines !== undefined) this.call.tell({ t: "shown", lines: this.shownLines });
    if (this.strained.value !== nothing) this.call.tell({ t: "strain", ...this.strained.value });
  }

  /** Who wants sound only is sent no picture from then on; it can be switched on again. */
  private hear(level: Level): void {
    const now = performance.now();
    if (level === "none" && this.theirs.value !== "none" && now - this.offAt >= offMs) {
      this.offAt = now;
      void this.call.setCamera(false);
    }
    this.theirs.set(level);
    this.limit();
  }

  private async look(): Promise<void> {
    const { ways } = this;
    if (!ways) return;
    const report = await ways.pc.getStats().catch(() => undefined);
    if (!report || ways !== this.ways) return;
    const entries = [...(report.values() as Iterable<Readonly<Record<string, unknown>>>)];
    if (this.looks++ % 2 === 0) {
      this.sum.take(carried(entries), performance.now());
      this.spent.set({ bytes: this.sum.bytes, inTenMinutes: this.sum.inTenMinutes });
    }
    const look = lookOf(entries);
    if (!this.late()) this.judge(this.strain.take(look, this.around()));
    this.long = this.packing.take(this.thin, look.lostThere);
    this.limit(); // another camera has other lines
  }

  /** A device that has so much to do that its looks come late says nothing of the network. */
  private late(): boolean {
    const before = this.lookedAt;
    this.lookedAt = performance.now();
    return before === undefined || this.lookedAt - before > 1.4 * lookMs;
  }

  private around(): Around {
    const { local, remote } = this.call.state;
    const sent = !local.held && (local.camera === "ok" || local.sharing);
    return { sent, spoken: remote.mic && !local.held, there: this.theirStrain.value.pictures };
  }

  private judge(now: Strained): void {
    const before = this.strained.value;
    if (now.pictures === before.pictures && now.voice === before.voice) return;
    // A screen is what is being talked about: it stays, and becomes slow.
    if (now.pictures && !before.pictures && !this.call.state.local.sharing) void this.call.setCamera(false);
    this.strained.set(now);
    this.call.tell({ t: "strain", ...now });
  }

  private get thin(): boolean {
    return this.strained.value.pictures || this.theirStrain.value.pictures;
  }

  private limit(): void {
    const { ways } = this;
    if (!ways?.senders) return;
    const level = thriftier(this.mine.value, this.theirs.value);
    const thin = this.thin && (this.long ? "long" : "short");
    this.encodings.apply(ways.senders, { level, lines: this.lines, thin });
  }
}
