import type { Snippet } from "svelte";
import type { Call } from "../../call/call";
import type { Ways } from "../../call/channel";
import { Store } from "../../call/store";
import { kindOf } from "./kind";
import { plainName } from "./name";
import { type Received, Receiving } from "./receiving";
import { type Sent, Sending } from "./sending";
import { largest, type FileWord, wordOf } from "./words";

export type Shared = Sent | Received;
/** What a page adds to a file of the other side. */
export type Check = Snippet<[Received, Transfers]> | undefined;
export type Refusal = "empty" | "large" | "kind" | "many";

/** The files of one talk, from page to page; they are nowhere else, and gone with it. */
export class Transfers {
  readonly files = new Store<readonly Shared[]>([]);
  readonly sending: Sending;
  readonly receiving: Receiving;
  private other: string | undefined;
  private readonly leave: (() => void)[];

  constructor(call: Pick<Call, "attend" | "tell" | "subscribe">, nameless: () => string) {
    const tell = (word: FileWord): void => void call.tell({ t: "file", ...word });
    const changed = (): void => {
      this.show();
    };
    this.sending = new Sending(tell, changed);
    this.receiving = new Receiving(tell, changed, nameless);
    this.leave = [
      call.attend({
        heard: (message) => {
          const word = wordOf(message);
          if (!word) return;
          this.sending.heard(word);
          this.receiving.heard(word);
        },
        opened: (ways) => {
          this.opened(ways);
        },
      }),
      call.subscribe(({ quality, local }) => {
        this.sending.weak = quality !== "good";
        this.sending.sharing = local.sharing;
      }),
    ];
  }

  /** Offers a file; nothing of it leaves before the other side wants it. */
  async offer(file: File): Promise<Refusal | undefined> {
    if (file.size === 0) return "empty";
    if (file.size > largest) return "large";
    if (!(await kindOf(file).catch(() => undefined))) return "kind";
    return this.sending.offer(file, plainName(file.name)) ? undefined : "many";
  }

  close(): void {
    for (const leave of this.leave) leave();
    this.receiving.close();
  }

  private opened({ files, other }: Ways): void {
    if (this.other !== undefined && this.other !== other) {
      this.sending.forget();
      this.receiving.forget();
    }
    this.other = other;
    this.sending.opened(files);
    this.receiving.opened(files);
  }

  /** In the order in which they came, whosever they are. */
  private show(): void {
    const now = new Map<string, Shared>();
    for (const file of [...this.sending.files, ...this.receiving.files]) now.set(keyOf(file), file);
    const known = this.files.value.map(keyOf).filter((key) => now.has(key));
    this.files.set([...new Set([...known, ...now.keys()])].flatMap((key) => now.get(key) ?? []));
  }
}

export function keyOf({ mine, id }: Shared): string {
  return `${mine ? "mine" : "theirs"} ${id}`;
}
