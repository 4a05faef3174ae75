import type { Call } from "../../call/call";
import type { Ways } from "../../call/channel";
import { Store } from "../../call/store";
import { encodingFor, type Level, levelOf, type Limits, small, thriftier } from "./levels";
import { carried, Spent } from "./spent";

type Sparing = Pick<Call, "attend" | "tell" | "setCamera">;

export interface Sum {
  readonly bytes: number;
  readonly inTenMinutes: number | undefined;
}

const lookMs = 5_000;

/** What this side wants to save, what the other one does, and what it takes. Each page says what it wants to the other. */
export class Thrift {
  readonly mine = new Store<Level>("full");
  readonly theirs = new Store<Level>("full");
  readonly spent = new Store<Sum>({ bytes: 0, inTenMinutes: undefined });
  private readonly sum = new Spent();
  private ways: Ways | undefined;
  private readonly unspared = new WeakMap<RTCRtpSender, Limits>();
  private readonly leave: () => void;
  private readonly looking: ReturnType<typeof setInterval>;

  constructor(
    private readonly call: Sparing,
    before: Level,
  ) {
    this.mine.set(before);
    this.leave = call.attend({
      heard: ({ t, level }) => {
        if (t === "thrift") this.hear(levelOf(level));
        if (t === "thrift?") this.tell();
      },
      opened: (ways) => {
        if (this.ways && this.ways.pc !== ways.pc) {
          this.sum.begin();
          this.theirs.set("full"); // it says so again if it is not
        }
        this.ways = ways;
        if (this.mine.value !== "full") this.tell();
        this.call.tell({ t: "thrift?" }); // this page, or this part of it, may have come after it was said
        this.limit();
      },
    });
    this.looking = setInterval(() => void this.look(), lookMs);
    void this.look();
  }

  set(level: Level): void {
    this.mine.set(level);
    this.tell();
    if (level === "none") void this.call.setCamera(false);
    this.limit();
  }

  close(): void {
    clearInterval(this.looking);
    this.leave();
  }

  private tell(): void {
    this.call.tell({ t: "thrift", level: this.mine.value });
  }

  /** Who wants sound only is sent no picture from then on; it can be switched on again. */
  private hear(level: Level): void {
    if (level === "none" && this.theirs.value !== "none") void this.call.setCamera(false);
    this.theirs.set(level);
    this.limit();
  }

  private async look(): Promise<void> {
    const { ways } = this;
    if (!ways) return;
    const report = await ways.pc.getStats().catch(() => undefined);
    if (!report || ways !== this.ways) return;
    this.sum.take(carried(report.values()), performance.now());
    this.spent.set({ bytes: this.sum.bytes, inTenMinutes: this.sum.inTenMinutes });
    this.limit(); // another camera has other lines
  }

  private limit(): void {
    const { ways } = this;
    if (!ways?.senders) return;
    const spares = thriftier(this.mine.value, this.theirs.value) !== "full";
    for (const kind of ["camera", "screen"] as const) {
      const sender = ways.senders[kind];
      const whole = this.unspared.get(sender);
      if (!spares && !whole) continue; // it was never smaller
      this.unspared.set(sender, whole ?? limitsOf(sender));
      void encode(sender, spares ? small[kind] : (whole ?? {}));
    }
  }
}

function limitsOf(sender: RTCRtpSender): Limits {
  const maxBitrate = sender.getParameters().encodings[0]?.maxBitrate;
  return maxBitrate === undefined ? {} : { maxBitrate };
}

async function encode(sender: RTCRtpSender, limits: Limits): Promise<void> {
  const parameters = sender.getParameters();
  const [now] = parameters.encodings;
  const wanted = now && encodingFor(now, limits, sender.track?.getSettings().height);
  if (!wanted) return;
  parameters.encodings[0] = wanted;
  // Only limits for the sake of the network: going on without them is no harm. The next look tries again.
  await sender.setParameters(parameters).catch(() => undefined);
}
