import type { Added } from "../../../call/channel";
import { maxAgain } from "../../../call/chat";
import type { ChatMessage } from "../../../call/state";
import type { Store, Unsubscribe } from "../../../call/store";
import type { Member } from "../../../talk/circle";
import { Passes } from "../../../talk/passes";

interface Reader {
  member: Member;
  /** All that stands in the chat of its page, by id and in order: a page that is loaded anew is told again. */
  readonly told: Map<string, Added>;
  /** At which device somebody sits. */
  other: string | undefined;
  /** Of what stands in the chat with them. */
  known: ReadonlySet<string>;
  readonly passes: Passes;
  readonly leaves: Unsubscribe[];
}

/**
 * What is written in a talk of several: it comes to the page of who leads it, which passes it on to all others who are in
 * the talk at that moment. Nobody is told what was written before they came, or while they were asked out.
 */
export class Written {
  private readonly readers = new Map<string, Reader>();
  private readonly main: string;

  constructor(
    /** The citizen, in the main talk. */
    citizen: Member,
    /** What is to be shown beside the main talk's own. */
    private readonly shown: Store<readonly ChatMessage[]>,
    /** Whether there is a chat in this talk. */
    private readonly on: () => boolean,
  ) {
    this.main = citizen.talk;
    this.take(citizen);
  }

  /** Who else there is now. */
  update(members: readonly Member[]): void {
    for (const [talk, { leaves }] of this.readers) {
      if (talk === this.main || members.some((one) => one.talk === talk)) continue;
      this.readers.delete(talk);
      for (const leave of leaves) leave();
    }
    for (const member of members) {
      const reader = this.readers.get(member.talk);
      if (reader) reader.member = member;
      else this.take(member);
    }
  }

  close(): void {
    for (const { leaves } of this.readers.values()) for (const leave of leaves) leave();
    this.readers.clear();
  }

  private take(member: Member): void {
    const reader: Reader = {
      member,
      told: new Map(),
      other: undefined,
      known: new Set(),
      passes: new Passes(),
      leaves: [],
    };
    this.readers.set(member.talk, reader);
    reader.leaves.push(
      member.call.subscribe(({ chat }) => {
        this.read(reader, chat);
      }),
      member.call.attend({
        heard: () => undefined,
        opened: ({ other }) => {
          // What was written to one device is not for another one.
          if (reader.other !== undefined && reader.other !== other) reader.told.clear();
          reader.other = other;
          for (const message of reader.told.values()) member.call.tell(message);
        },
      }),
    );
  }

  private read(from: Reader, chat: readonly ChatMessage[]): void {
    const fresh = chat.filter(({ id }) => !from.known.has(id));
    from.known = new Set(chat.map(({ id }) => id));
    for (const message of fresh) {
      const { talk, name } = from.member;
      note(from, message, { again: true, ...(!message.mine && { yours: true }) });
      if (talk !== this.main) this.keep({ ...message, by: message.mine ? undefined : name });
      if (!message.again && (message.mine || from.passes.take())) this.pass(from, message);
    }
  }

  private keep(message: ChatMessage): void {
    const before = this.shown.value;
    if (!before.some(({ id }) => id === message.id)) this.shown.set([...before, message].slice(-maxAgain));
  }

  private pass(from: Reader, message: ChatMessage): void {
    if (from.member.apart || !this.on()) return;
    for (const reader of this.readers.values()) {
      if (reader === from || reader.member.apart) continue;
      const said = note(reader, message, message.mine ? {} : { by: from.member.name });
      reader.member.call.tell(said);
    }
  }
}

/** Notes a line as the page of this reader has it. */
function note({ told }: Reader, { id, text }: ChatMessage, how: Partial<Added>): Added {
  const message = { t: "chat", id, text, ...how };
  told.set(id, message);
  for (const oldest of told.keys()) if (told.size > maxAgain) told.delete(oldest);
  return message;
}
