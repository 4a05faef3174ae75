import { maxChatText, maxMessage, type Message, parseMessage } from "./channel";

export interface ChatEvents {
  message(message: Message): void;
  /** The channel is open: say again what the other side may have missed. */
  opened(): void;
}

/** The data channel of the present connection, and what waits for one. */
export class Lines {
  private channel: RTCDataChannel | undefined;
  /** Chat lines without a receipt, by id, in order; sent again over a new connection. */
  private readonly waiting = new Map<string, string>();

  constructor(private readonly events: ChatEvents) {}

  connect(channel: RTCDataChannel): void {
    this.channel = channel;
    channel.addEventListener("open", () => {
      if (channel !== this.channel) return;
      this.events.opened();
      for (const [id, text] of this.waiting) this.send({ t: "chat", id, text });
    });
    channel.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (channel !== this.channel) return;
      const message = parseMessage(event.data);
      if (!message) return;
      if (message.t === "chat") this.send({ t: "chat-ack", id: message.id });
      if (message.t === "chat-ack") this.waiting.delete(message.id);
      this.events.message(message);
    });
  }

  /** Returns the id, or undefined when there is nothing to send. */
  say(text: string): { id: string; text: string } | undefined {
    const trimmed = text.trim().slice(0, maxChatText);
    if (trimmed === "") return undefined;
    const id = crypto.randomUUID();
    this.waiting.set(id, trimmed);
    this.send({ t: "chat", id, text: trimmed });
    return { id, text: trimmed };
  }

  send(message: Message): boolean {
    if (this.channel?.readyState !== "open") return false;
    const line = JSON.stringify(message);
    if (line.length > maxMessage) return false;
    try {
      this.channel.send(line);
      return true;
    } catch {
      return false; // Closing, or its buffer is full; chat lines wait for their receipt anyway.
    }
  }
}
