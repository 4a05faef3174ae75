import type { Senders } from "../../call/peer";
import { cameraLimits, encodingFor, type Level, type Limits, small, thinScreen, thinVoice } from "./levels";

/** What this side's encodings depend on. */
export interface Wishes {
  /** The thriftier of what the two sides want. */
  level: Level;
  /** So many the other side shows of this one's picture; undefined before it has said so. */
  lines: number | undefined;
  /** The way carries little more than a voice, which comes in packets of this kind. */
  thin: keyof typeof thinVoice | false;
}

/** How a connection begins (call/peer): for as long as that is so, nobody has found the network good. */
const beginsAt = 2;

/** The only one who limits what a talk's senders send, after their beginning. */
export class Encodings {
  private readonly unlimited = new WeakMap<RTCRtpSender, Limits>();
  private readonly known = new WeakSet<RTCRtpSender>();

  apply({ audio, camera, screen }: Senders, { level, lines, thin }: Wishes): void {
    const saves = level !== "full";
    this.limit(audio, thin ? thinVoice[thin] : undefined);
    const saved = saves ? small.camera : undefined;
    this.limit(
      camera,
      saved || lines !== undefined ? cameraLimits(saved ?? this.whole(camera), lines) : undefined,
    );
    // All lines of a screen, however large it is shown: the other side may look closer at any moment.
    this.limit(screen, thin ? thinScreen : saves ? small.screen : undefined);
  }

  private whole(sender: RTCRtpSender): Limits {
    const before = this.unlimited.get(sender);
    if (before) return before;
    const maxBitrate = sender.getParameters().encodings[0]?.maxBitrate;
    const whole = maxBitrate === undefined ? {} : { maxBitrate };
    this.unlimited.set(sender, whole);
    return whole;
  }

  private limit(sender: RTCRtpSender, limits: Limits | undefined): void {
    if (!limits && !this.unlimited.has(sender)) return; // it was never limited
    const parameters = sender.getParameters();
    const [now] = parameters.encodings;
    if (!now) return;
    if ((now.scaleResolutionDownBy ?? 1) !== beginsAt) this.known.add(sender);
    const wanted = encodingFor(
      now,
      limits ?? this.whole(sender),
      sender.track?.getSettings().height,
      !this.known.has(sender),
    );
    this.whole(sender);
    if (!wanted) return;
    parameters.encodings[0] = wanted;
    // Only limits for the sake of the network: going on without them is no harm. The next look tries again.
    void sender.setParameters(parameters).catch(() => undefined);
  }
}
