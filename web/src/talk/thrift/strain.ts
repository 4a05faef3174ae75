/** What one look at a connection's statistics tells of the way to the other side, and of what is heard from there. */
export interface Look {
  /** Bits a second that the browser believes to get through; Firefox believes nothing. */
  estimate: number | undefined;
  /** What the other side reports of our voice, 0 to 1. */
  lostThere: number;
  /** Samples that were heard, and those that had to be made up; since the beginning. */
  samples: number;
  concealed: number;
}

type Entry = Readonly<Record<string, unknown>>;

/** Of a connection's statistics (W3C webrtc-stats). */
export function lookOf(report: Iterable<Entry>): Look {
  const look: Look = { estimate: undefined, lostThere: 0, samples: 0, concealed: 0 };
  for (const entry of report) {
    if (
      entry.type === "candidate-pair" &&
      entry.nominated === true &&
      count(entry.availableOutgoingBitrate) > 0
    )
      look.estimate = Math.max(look.estimate ?? 0, count(entry.availableOutgoingBitrate));
    if (entry.kind !== "audio") continue;
    if (entry.type === "remote-inbound-rtp")
      look.lostThere = Math.max(look.lostThere, count(entry.fractionLost));
    if (entry.type === "inbound-rtp") {
      look.samples += count(entry.totalSamplesReceived);
      look.concealed += count(entry.concealedSamples);
    }
  }
  return look;
}

/** Whether the way carries pictures beside the voice, and whether the other voice can be understood. */
export interface Strained {
  readonly pictures: boolean;
  readonly voice: boolean;
}

/** A voice takes 60,000 bits with all headers: what is left below this is no picture, and costs the voice. */
const tightBits = 85_000;
/** Where the other side has no room for pictures: one way is seldom much wider than the way back. */
const tightBitsThere = 150_000;
/** The queue on the way is full. A low estimate alone may be a device that has much else to do. */
const tightLoss = 0.02;
/** Without an estimate more must be lost. */
const untoldLoss = 0.1;
const tight = ({ estimate, lostThere }: Look, there: boolean): boolean =>
  estimate === undefined
    ? lostThere > untoldLoss
    : estimate < (there ? tightBitsThere : tightBits) && lostThere > tightLoss;
export interface Around {
  /** This side sends pictures. */
  readonly sent: boolean;
  /** The other one sends a voice, so that silence is made up for nobody else. */
  readonly spoken: boolean;
  /** The other one has no room for pictures. */
  readonly there: boolean;
}

/** Above it words are missing. */
const unclear = 0.3;
const clear = 0.1;
/** So many looks in a row: a moment's trouble changes nothing. */
const believe = 3;

/**
 * Pictures give way before the voice does. They come back only when their person wants them to: no camera goes on by
 * itself. Each time this is in vain the next judgement takes twice as long, so that nobody fights with their own page.
 */
export class Strain {
  private tightLooks = 0;
  private patience = believe;
  private unclearLooks = 0;
  private clearLooks = 0;
  private before: Look | undefined;
  private state: Strained = { pictures: false, voice: false };

  take(look: Look, { sent, spoken, there }: Around): Strained {
    const { before } = this;
    this.before = look;
    if (!before || look.samples < before.samples) return this.state;
    this.state = { pictures: this.noRoom(look, sent, there), voice: spoken && this.notHeard(before, look) };
    return this.state;
  }

  /** A new connection. */
  begin(): void {
    this.before = undefined;
    this.tightLooks = this.unclearLooks = this.clearLooks = 0;
  }

  private noRoom(look: Look, sent: boolean, there: boolean): boolean {
    if (!sent) {
      this.tightLooks = 0;
      return this.state.pictures;
    }
    if (!tight(look, there)) {
      this.tightLooks = 0;
      return false;
    }
    if (++this.tightLooks < this.patience) return false;
    this.tightLooks = 0;
    this.patience = Math.min(8 * believe, 2 * this.patience);
    return true;
  }

  private notHeard(before: Look, look: Look): boolean {
    const heard = look.samples - before.samples;
    const share = heard > 0 ? Math.max(0, look.concealed - before.concealed) / heard : 0;
    this.unclearLooks = share > unclear ? this.unclearLooks + 1 : 0;
    this.clearLooks = share < clear ? this.clearLooks + 1 : 0;
    if (this.unclearLooks >= believe) return true;
    return this.clearLooks >= believe ? false : this.state.voice;
  }
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
