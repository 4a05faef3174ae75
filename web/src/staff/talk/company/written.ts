import type { Added } from "../../../call/channel";
import { maxAgain } from "../../../call/chat";
import type { ChatMessage } from "../../../call/state";
import type { Store, Unsubscribe } from "../../../call/store";
import type { Member } from "../../../talk/room";
import { Passes } from "../../../talk/passes";

interface Reader {
  member: Member;
  /** What its page was told of the others, by id: a page that is loaded anew is told again. */
  readonly told: Map<string, Added>;
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

  /** Somebody sits at another device now: what was written to the one before is not for it. */
  forget(talk: string): void {
    this.readers.get(talk)?.told.clear();
  }

  close(): void {
    for (const { leaves } of this.readers.values()) for (const leave of leaves) leave();
    this.readers.clear();
  }

  private take(member: Member): void {
    const reader: Reader = { member, told: new Map(), known: new Set(), passes: new Passes(), leaves: [] };
    this.readers.set(member.talk, reader);
    reader.leaves.push(
      member.call.subscribe(({ chat }) => {
        this.read(reader, chat);
      }),
      member.call.attend({
        heard: () => undefined,
        opened: () => {
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
      if (talk !== this.main) this.keep({ ...message, by: message.mine ? undefined : name });
      if (!message.again && (message.mine || from.passes.take())) this.pass(from, message);
    }
  }

  private keep(message: ChatMessage): void {
    const before = this.shown.value;
    if (!before.some(({ id }) => id === message.id)) this.shown.set([...before, message].slice(-maxAgain));
  }

  private pass(from: Reader, { id, text, mine }: ChatMessage): void {
    if (from.member.apart || !this.on()) return;
    const message = { t: "chat", id, text, ...(mine ? {} : { by: from.member.name }) };
    for (const reader of this.readers.values()) {
      if (reader === from || reader.member.apart) continue;
      reader.told.set(id, message);
      for (const oldest of reader.told.keys()) if (reader.told.size > maxAgain) reader.told.delete(oldest);
      reader.member.call.tell(message);
    }
  }
}
