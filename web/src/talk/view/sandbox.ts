import { type Answer, answerOf, type Ask, type Part } from "./words";

/** In ms: what takes longer is given up, with all that it has begun. */
const patienceMs = 40_000;

/**
 * A frame without an origin in which a file of somebody else is read (internal/pages/sandbox.go). What runs in it gets the
 * file as a message and has no other way out than its answers; to throw the frame away ends it, whatever it is doing.
 */
export class Sandbox {
  private readonly frame = document.createElement("iframe");
  private readonly early: [Ask, Transferable[]][] = [];
  private way: MessagePort | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** How many questions are open. */
  private owed = 0;
  private readonly needed = new Set<Part>();

  constructor(
    /** What runs in it. */
    code: string,
    private readonly heard: (answer: Answer) => void,
    /** It has been given up. */
    private readonly lost: () => void,
    private readonly patience = patienceMs,
  ) {
    this.frame.setAttribute("sandbox", "allow-scripts");
    this.frame.hidden = true;
    this.frame.src = "/sandbox";
    const loaded = (): void => {
      this.begin(code);
    };
    this.frame.addEventListener("load", loaded, { once: true });
    document.body.append(this.frame);
  }

  ask(ask: Ask, transfer: Transferable[] = []): void {
    if (ask.do !== "part") this.owed++;
    this.wait();
    if (this.way) this.way.postMessage(ask, transfer);
    else this.early.push([ask, transfer]);
  }

  close(): void {
    clearTimeout(this.timer);
    if (this.way) this.way.onmessage = null; // what has come already is not heard either
    this.way?.close();
    this.frame.remove();
  }

  private begin(code: string): void {
    const [way, told] = [new MessageChannel(), new MessageChannel()];
    this.way = way.port1;
    way.port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.take(data);
    };
    told.port1.onmessage = () => {
      this.giveUp();
    };
    // To any origin: it has none that could be named.
    this.frame.contentWindow?.postMessage(code, "*", [way.port2, told.port2]);
    for (const [ask, transfer] of this.early) way.port1.postMessage(ask, transfer);
  }

  private take(data: unknown): void {
    const answer = answerOf(data);
    if (!answer || !this.expects(answer)) {
      this.giveUp();
      return;
    }
    if (answer.do === "need" || this.owed === 0) clearTimeout(this.timer);
    else this.wait(); // whoever turns quickly has asked for another page meanwhile
    this.heard(answer);
  }

  /** One answer to each question, and each part once: else a file could flood the talk's page, whose only wall this is. */
  private expects(answer: Answer): boolean {
    if (this.owed === 0) return false;
    if (answer.do !== "need") this.owed--;
    else if (this.needed.has(answer.part)) return false;
    else this.needed.add(answer.part);
    return true;
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.giveUp();
    }, this.patience);
  }

  private giveUp(): void {
    this.close();
    this.lost();
  }
}
