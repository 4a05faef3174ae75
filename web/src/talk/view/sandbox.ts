import { type Answer, answerOf, type Ask } from "./words";

/** In ms: what takes longer is given up, with all that it has begun. */
const patienceMs = 20_000;

/**
 * A frame without an origin in which a file of somebody else is read (internal/pages/sandbox.go). What runs in it gets the
 * file as a message and has no other way out than its answers; to throw the frame away ends it, whatever it is doing.
 */
export class Sandbox {
  private readonly frame = document.createElement("iframe");
  private readonly early: [Ask, Transferable[]][] = [];
  private way: MessagePort | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

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
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.giveUp();
    }, this.patience);
    if (this.way) this.way.postMessage(ask, transfer);
    else this.early.push([ask, transfer]);
  }

  close(): void {
    clearTimeout(this.timer);
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
    if (!answer) {
      this.giveUp();
      return;
    }
    clearTimeout(this.timer);
    this.heard(answer);
  }

  private giveUp(): void {
    this.close();
    this.lost();
  }
}
