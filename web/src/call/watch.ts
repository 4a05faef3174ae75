import type { Quality } from "./state";

/** What one look at the statistics of a connection tells; counters since its beginning. */
export interface Sample {
  at: number;
  /** Everything that came in, media or not. */
  packets: number;
  mediaPackets: number;
  lost: number;
  /** Seconds. */
  jitter: number;
  roundTrip: number;
  frozenSeconds: number;
  /** What the other side reports of our media, 0 to 1. */
  lostThere: number;
}

type Entry = Readonly<Record<string, unknown>>;

export function sampleOf(report: Iterable<Entry>, at: number): Sample {
  const sample: Sample = {
    at,
    packets: 0,
    mediaPackets: 0,
    lost: 0,
    jitter: 0,
    roundTrip: 0,
    frozenSeconds: 0,
    lostThere: 0,
  };
  let transport = 0;
  for (const entry of report) {
    switch (entry.type) {
      case "inbound-rtp":
        sample.mediaPackets += number(entry.packetsReceived);
        sample.lost += Math.max(0, number(entry.packetsLost));
        sample.jitter = Math.max(sample.jitter, entry.kind === "audio" ? number(entry.jitter) : 0);
        sample.frozenSeconds += number(entry.totalFreezesDuration);
        break;
      case "remote-inbound-rtp":
        sample.lostThere = Math.max(sample.lostThere, number(entry.fractionLost));
        // The relay answers checks itself; only RTCP has been all the way.
        sample.roundTrip = Math.max(sample.roundTrip, number(entry.roundTripTime));
        break;
      case "transport":
        transport += number(entry.packetsReceived);
        break;
      default:
    }
  }
  sample.packets = Math.max(transport, sample.mediaPackets);
  return sample;
}

/** In words that mean something to people: weak is still fine to talk, poor needs patience. */
export function qualityOf(before: Sample, now: Sample): Level {
  const received = now.mediaPackets - before.mediaPackets;
  const lost = Math.max(0, now.lost - before.lost);
  const loss = Math.max(received + lost > 0 ? lost / (received + lost) : 0, now.lostThere);
  const seconds = Math.max(0.001, (now.at - before.at) / 1_000);
  const frozen = Math.max(0, now.frozenSeconds - before.frozenSeconds) / seconds;
  if (loss > 0.12 || now.jitter > 0.12 || now.roundTrip > 1 || frozen > 0.4) return "poor";
  if (loss > 0.04 || now.jitter > 0.05 || now.roundTrip > 0.4 || frozen > 0.1) return "weak";
  return "good";
}

const levels = ["good", "weak", "poor"] as const satisfies readonly Quality[];
type Level = (typeof levels)[number];

/** So many looks in a row must be bad before people are told, and so many better ones before it is taken back. */
const believeBad = 2;
const believeGood = 3;

/**
 * What is said of a connection: a word that comes and goes every two seconds helps nobody. It gets worse only by as much
 * as all of the latest looks agree on, and better only by as much as all of rather more looks do.
 */
export class Steady {
  private said = 0;
  private looks: number[] = [];

  take(quality: Level): Level {
    this.looks = [...this.looks, levels.indexOf(quality)].slice(-believeGood);
    if (this.looks.length >= believeBad)
      this.said = Math.max(this.said, Math.min(...this.looks.slice(-believeBad)));
    if (this.looks.length >= believeGood) this.said = Math.min(this.said, Math.max(...this.looks));
    return levels[this.said] ?? "good";
  }

  /** After an interruption it begins as weak, and what came before is no longer of interest. */
  interrupted(): void {
    this.said = 1;
    this.looks = [];
  }
}

/** A page that only says that it is there may be slow to say so, as those in the background are. */
const wordGraceMs = 3_000;

/**
 * Notices that the other side has fallen silent. Sound flows even in silence: constant bit rate, no pauses; a side that
 * sends no media says that it is there.
 */
export class Flow {
  private flowed = false;
  private seen = 0;
  private changedAt = 0;
  private wordAt: number | undefined;
  private over = false;

  /** Milliseconds of silence; 0 while there is something to hear or see, or before the first of it. */
  take(mediaPackets: number, at: number): number {
    const { over } = this;
    this.over = false;
    if (mediaPackets !== this.seen) {
      this.flowed = mediaPackets > this.seen && !over;
      this.seen = mediaPackets;
      this.changedAt = at;
      return 0;
    }
    if (this.flowed) return at - this.changedAt;
    return this.wordAt === undefined
      ? 0
      : Math.max(0, at - Math.max(this.wordAt, this.changedAt) - wordGraceMs);
  }

  /** The other side has said that it is there. */
  word(at: number): void {
    this.wordAt = at;
  }

  /**
   * The other side has switched everything off: silence is now as it should be. What the next look finds came before
   * that word, or crossed it.
   */
  forget(): void {
    this.flowed = false;
    this.over = true;
  }
}

const lookMs = 500;
/** While people wait for each other: pictures begin anew only when somebody has seen that they can. */
const lookSilentMs = 200;
const judgeMs = 2_000;
/** A pause that long is an interruption, whether or not anybody was told. */
const interruptedMs = 1_000;

export interface WatchEvents {
  /** `look` is what this look alone found, and `quality` what may be said of it. */
  quality(quality: Quality, look: Quality): void;
  /** Called at each look, whatever it finds. */
  looked(): void;
  /** Called at each look while nothing comes. */
  silent(ms: number): void;
  flowing(): void;
}

/** Looks at a connection's statistics: twice a second for silence, every two seconds for quality. */
export class Watch {
  private readonly flow = new Flow();
  private readonly steady = new Steady();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private judged: Sample | undefined;
  private stopped = false;

  constructor(
    private readonly statistics: () => Promise<RTCStatsReport>,
    private readonly events: WatchEvents,
  ) {
    this.next(lookMs);
  }

  /** Whether sound or pictures are expected at all. */
  expect(media: boolean): void {
    if (!media) this.flow.forget();
  }

  /** The other side, which sends no media, is there. */
  heard(): void {
    this.flow.word(performance.now());
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private next(pause: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.look();
    }, pause);
  }

  private async look(): Promise<void> {
    let silent = 0;
    try {
      const report = await this.statistics();
      const sample = sampleOf(report.values() as IterableIterator<Entry>, performance.now());
      silent = this.flow.take(sample.mediaPackets, sample.at);
      if (silent > 0) this.events.silent(silent);
      else this.events.flowing();
      if (silent >= interruptedMs) {
        this.steady.interrupted();
        this.judged = undefined;
      } else if (!this.judged) this.judged = sample;
      else if (sample.at - this.judged.at >= judgeMs) {
        const look = qualityOf(this.judged, sample);
        // Where nothing came at all there is nothing to judge.
        if (silent === 0 && sample.packets > this.judged.packets)
          this.events.quality(this.steady.take(look), look);
        this.judged = sample;
      }
    } catch {
      // A closed connection has no statistics.
    } finally {
      this.events.looked();
      this.next(silent >= interruptedMs ? lookSilentMs : lookMs);
    }
  }
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
