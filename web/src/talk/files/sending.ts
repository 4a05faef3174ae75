import { Pace } from "./pace";
import { type FileWord, frameBytes, framed, mostOffers } from "./words";

type SendState = "offered" | "sending" | "held" | "paused" | "arrived" | "declined" | "unlike" | "gone";

/** A file of this side. */
export interface Sent {
  readonly mine: true;
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly state: SendState;
  /** Bytes that have left. */
  readonly done: number;
}

interface Outgoing extends Sent {
  readonly file: File;
  /** As the other side has asked for it last; whatever else is on its way stops. */
  readonly run?: number | undefined;
}

/** As much may wait in the browser; more would only be in the way of what is said meanwhile. */
const waiting = 4 * frameBytes;

/** What an answer of the other side makes of a file. */
const answers = { no: "declined", unlike: "unlike", pause: "paused", got: "arrived" } as const;

/** What this side offers, and sends once it is asked for. */
export class Sending {
  private list: readonly Outgoing[] = [];
  private channel: RTCDataChannel | undefined;

  constructor(
    private readonly tell: (word: FileWord) => void,
    private readonly changed: () => void,
    private readonly pace = new Pace(),
  ) {}

  get files(): readonly Sent[] {
    return this.list;
  }

  /** While the connection is weak, files take their time. */
  set weak(weak: boolean) {
    this.pace.weak = weak;
  }

  /** Likewise while this side's screen goes the same way. */
  set sharing(sharing: boolean) {
    this.pace.sharing = sharing;
  }

  /** False where too many are on offer already. */
  offer(file: File, name: string): boolean {
    if (this.list.filter(isOpen).length >= mostOffers) return false;
    const id = crypto.randomUUID();
    this.list = [...this.list, { mine: true, id, name, size: file.size, state: "offered", done: 0, file }];
    this.say(id);
    this.changed();
    return true;
  }

  hold(id: string): void {
    this.put(id, { state: "held", run: undefined });
    this.tell({ do: "hold", id });
  }

  /** Goes on once the other side asks for the rest. */
  resume(id: string): void {
    this.put(id, { state: "offered" });
    this.say(id);
  }

  withdraw(id: string): void {
    this.put(id, { state: "gone", run: undefined });
    this.tell({ do: "gone", id });
  }

  /** Everything anew over a new channel: the other page may be new, and asks for what it lacks. */
  opened(channel: RTCDataChannel): void {
    channel.bufferedAmountLowThreshold = waiting / 2;
    this.channel = channel;
    this.again();
  }

  again(): void {
    const there = [
      ...this.list.filter(({ state }) => state === "arrived").slice(-mostOffers),
      ...this.list.filter(isOpen),
    ];
    for (const { id, state } of there) {
      this.say(id);
      if (state === "held") this.tell({ do: "hold", id });
    }
    this.tell({ do: "have", ids: there.map(({ id }) => id) });
  }

  /** Somebody else sits on the other side: nothing of this is for them. */
  forget(): void {
    for (const { id, state } of this.list)
      if (state !== "arrived") this.put(id, { state: "gone", run: undefined });
    this.list = this.list.filter(({ state }) => state !== "arrived");
    this.changed();
  }

  heard(word: FileWord): void {
    if (word.do === "again") this.again();
    if (word.do === "again" || word.do === "have") return;
    const own = this.list.find(({ id }) => id === word.id);
    if (!own || own.state === "gone" || own.state === "held") return;
    if (word.do === "want") this.wanted(own, word.from, word.run);
    const state = answers[word.do as keyof typeof answers];
    if (state)
      this.put(own.id, { state, run: undefined, ...(state === "arrived" ? { done: own.size } : {}) });
  }

  private say(id: string): void {
    const own = this.list.find((file) => file.id === id);
    if (own) this.tell({ do: "offer", id, name: own.name, size: own.size });
  }

  private wanted(own: Outgoing, from: number, run: number): void {
    if (from > own.size) return;
    this.put(own.id, { state: "sending", run, done: from });
    void this.send(own, from, run).catch(() => {
      // It was changed or taken away since it was chosen (File API §4: NotReadableError).
      if (this.isOn(own.id, run)) this.withdraw(own.id);
    });
  }

  private async send({ id, file }: Outgoing, from: number, run: number): Promise<void> {
    const { channel } = this;
    for (let at = from; channel && at < file.size; at += frameBytes) {
      const piece = new Uint8Array(await file.slice(at, at + frameBytes).arrayBuffer());
      await later(this.pace.take(piece.length));
      await drained(channel);
      if (!this.isOn(id, run) || channel !== this.channel || channel.readyState !== "open") return;
      channel.send(framed(run, piece));
      this.put(id, { done: at + piece.length });
    }
  }

  private isOn(id: string, run: number): boolean {
    return this.list.some((own) => own.id === id && own.run === run);
  }

  private put(id: string, now: Partial<Outgoing>): void {
    this.list = this.list.map((own) => (own.id === id ? { ...own, ...now } : own));
    this.changed();
  }
}

function isOpen({ state }: Sent): boolean {
  return state === "offered" || state === "sending" || state === "held" || state === "paused";
}

function later(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
}

/** Resolves once there is room again, or nothing more can leave. */
function drained(channel: RTCDataChannel): Promise<void> {
  if (channel.readyState !== "open" || channel.bufferedAmount <= waiting) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ["bufferedamountlow", "close"] as const)
      channel.addEventListener(event, () => resolve(), { once: true });
  });
}
