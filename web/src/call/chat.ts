import { Allowance } from "./allowance";
import { type Added, maxChatText, maxMessage, type Message, parseMessage } from "./channel";

export interface ChatEvents {
  message(message: Message): void;
  /** The channel is open: say again what the other side may have missed. */
  opened(): void;
  /** Who sits on the other side: what was written is for that person alone. */
  other(): string;
}

interface Line {
  readonly text: string;
  readonly mine: boolean;
  /** The other page has it, or it came from there. */
  readonly delivered: boolean;
}

/** So many of the latest lines are said again to a page that may be new. */
export const maxAgain = 200;
/** The data channel of the present connection, and what was written so far in this talk. */
export class Lines {
  private channel: RTCDataChannel | undefined;
  /** By id, in order. Said again over each new connection: the other page, if it is a new one, knows nothing of it. */
  private readonly log = new Map<string, Line>();
  private first: RTCDataChannel | undefined;
  private other: string | undefined;
  private readonly allowance = new Allowance();

  constructor(
    private readonly events: ChatEvents,
    /** What has not arrived is for whoever is there next, too. */
    private readonly passesOn = true,
  ) {}

  get open(): boolean {
    return this.channel?.readyState === "open";
  }

  connect(channel: RTCDataChannel): void {
    this.channel = channel;
    channel.addEventListener("open", () => {
      if (channel !== this.channel) return;
      this.first ??= channel;
      this.events.opened();
      this.repeat();
    });
    channel.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (channel === this.channel && this.allowance.take()) this.take(parseMessage(event.data));
    });
  }

  /** Returns the id, or undefined when there is nothing to send. */
  say(text: string): { id: string; text: string } | undefined {
    const trimmed = text.trim().slice(0, maxChatText);
    if (trimmed === "") return undefined;
    const id = crypto.randomUUID();
    this.keep(id, { text: trimmed, mine: true, delivered: false });
    this.send({ t: "chat", id, text: trimmed });
    return { id, text: trimmed };
  }

  send(message: Message | Added): boolean {
    if (!this.channel || !this.open) return false;
    const line = JSON.stringify(message);
    if (line.length > maxMessage) return false;
    try {
      this.channel.send(line);
      return true;
    } catch {
      return false; // Closing, or its buffer is full; chat lines are said again anyway.
    }
  }

  private take(message: Message | undefined): void {
    if (!message) return;
    if (message.t === "chat") {
      // Only a page that has just come may be told what it has said itself; any other one knows.
      if (message.yours && this.channel !== this.first) return;
      // What others have written is said again by the page that has passed it on.
      if (message.by === undefined)
        this.keep(message.id, { text: message.text, mine: message.yours, delivered: true });
      this.send({ t: "chat-ack", id: message.id });
    }
    if (message.t === "chat-ack") this.delivered(message.id);
    this.events.message(message);
  }

  private delivered(id: string): void {
    const line = this.log.get(id);
    if (line) this.log.set(id, { ...line, delivered: true });
  }

  private repeat(): void {
    const other = this.events.other();
    if (this.other !== undefined && this.other !== other) this.forget();
    this.other = other;
    for (const [id, { text, mine, delivered }] of this.log)
      this.send({ t: "chat", id, text, yours: !mine, again: delivered });
  }

  /**
   * Somebody else sits on the other side. Only what nobody has read yet is for who leads the talk now; for another device,
   * nothing is.
   */
  private forget(): void {
    for (const [id, { delivered }] of this.log) if (delivered || !this.passesOn) this.log.delete(id);
  }

  private keep(id: string, line: Line): void {
    if (this.log.has(id)) return;
    this.log.set(id, line);
    for (const oldest of this.log.keys()) if (this.log.size > maxAgain) this.log.delete(oldest);
  }
}
