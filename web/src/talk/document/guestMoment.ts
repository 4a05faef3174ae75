import type { Call } from "../../call/call";
import type { Ways } from "../../call/channel";
import { Store } from "../../call/store";
import { Pace } from "../files/pace";
import { Sending } from "../files/sending";
import { wordOf } from "../files/words";
import { agreed, type Keep, saves, say } from "./keep";
import { type DocumentWord, documentWord } from "./words";

/** In bytes a second: beside files and a picture there is room for it. */
const rate = 250_000;
/** In ms: who has just said no is not asked again. */
export const quietMs = 10_000;

export interface GuestMomentState {
  /** `kept`: the moment is over, and this side may still save the picture. */
  readonly stage: "none" | "wishing" | "asked" | "aiming" | "sending" | "seen" | "kept";
  /** Of what is being sent: the part that has left. */
  readonly sent: number;
  readonly keep: Keep;
  /** Why there is none any more, where the person has not ended it themselves. */
  readonly over?: "declined" | "ended" | "gone" | "unlike" | "saved";
}

const none: GuestMomentState = { stage: "none", sent: 0, keep: {} };

/** The guest's side of showing a document: nothing leaves that the advisor has not asked for, and the guest looked at. */
export class GuestMoment {
  readonly state = new Store<GuestMomentState>(none);
  private id: string | undefined;
  private refused: { id: string; at: number } | undefined;
  private sending: Sending | undefined;
  private ways: Ways | undefined;
  private weak = false;
  private readonly leave: (() => void)[];

  constructor(private readonly call: Pick<Call, "attend" | "tell" | "subscribe">) {
    this.leave = [
      call.attend({
        heard: (message) => {
          const word = documentWord(message);
          if (word) this.heard(word);
          const file = wordOf(message, "still");
          if (file) this.sending?.heard(file);
        },
        opened: (ways) => {
          this.opened(ways);
        },
      }),
      call.subscribe(({ quality }) => {
        this.weak = quality !== "good";
        if (this.sending) this.sending.weak = this.weak;
      }),
    ];
  }

  wish(): void {
    if (this.stage !== "none") return;
    this.state.set({ ...none, stage: "wishing" });
    this.tell({ do: "wish" });
  }

  /** The guest agrees to what the advisor has asked for. */
  accept(): void {
    if (this.stage === "asked") this.put({ stage: "aiming" });
  }

  /** The camera is open. */
  ready(): void {
    if (this.id !== undefined) this.tell({ do: "ready", id: this.id });
  }

  /** Not, or no longer, before anything was sent. */
  decline(why?: "camera"): void {
    const { id } = this;
    this.tell({ do: "no", ...(id === undefined ? {} : { id }), ...(why ? { why } : {}) });
    if (id !== undefined) this.refused = { id, at: performance.now() };
    this.drop();
  }

  send(still: Blob): void {
    if (this.stage !== "aiming") return;
    this.sending = new Sending(
      (word) => void this.call.tell({ t: "still", ...word }),
      () => {
        this.follow();
      },
      new Pace(rate),
    );
    this.sending.weak = this.weak;
    if (this.ways) this.sending.opened(this.ways.files);
    this.put({ stage: "sending" });
    this.sending.offer(new File([still], ""), "");
  }

  setKeep(yes: boolean): void {
    if (this.id === undefined) return;
    this.put({ keep: say(this.state.value.keep, yes) });
    this.tell({ do: "keep", id: this.id, yes });
  }

  /** Ended, or what became of it has been read. */
  end(): void {
    if (this.id !== undefined) this.tell({ do: "end", id: this.id });
    this.drop();
  }

  close(): void {
    for (const leave of this.leave) leave();
    this.end();
  }

  private get stage(): GuestMomentState["stage"] {
    return this.state.value.stage;
  }

  private heard(word: DocumentWord): void {
    if (word.do === "ask") this.asked(word.id);
    if (word.do === "no" && word.id === undefined && this.stage === "wishing") this.drop("declined");
    if (this.id === undefined) return;
    if (word.do === "now") {
      if (word.id !== this.id) this.over("gone");
      else if (word.keep !== undefined) this.put({ keep: { ...this.state.value.keep, theirs: word.keep } });
    }
    if (word.do === "keep" && word.id === this.id)
      this.put({ keep: { ...this.state.value.keep, theirs: word.yes } });
    if (word.do === "end" && word.id === this.id) this.over("ended");
  }

  private asked(id: string): void {
    if (this.refused?.id === id) this.tell({ do: "no", id });
    else if (this.id === id) {
      if (this.stage === "aiming") this.ready();
    } else if (!this.refused || performance.now() - this.refused.at > quietMs) this.begin(id);
  }

  /** Who has wished for it has agreed already. */
  private begin(id: string): void {
    const wished = this.stage === "wishing";
    this.forget();
    this.id = id;
    this.state.set({ ...none, stage: wished ? "aiming" : "asked" });
  }

  /** Over a new channel, perhaps to a page that knows of nothing. */
  private opened(ways: Ways): void {
    const other = this.ways?.other;
    this.ways = ways;
    if (other !== undefined && other !== ways.other && this.stage !== "none") this.drop("gone");
    const { keep, stage } = this.state.value;
    this.tell({
      do: "now",
      ...(this.id === undefined ? {} : { id: this.id }),
      ...(keep.mine === undefined ? {} : { keep: keep.mine }),
    });
    if (stage === "wishing") this.tell({ do: "wish" });
    if (stage === "aiming") this.ready();
    this.sending?.opened(ways.files);
  }

  private follow(): void {
    const [still] = this.sending?.files ?? [];
    if (!still || this.stage !== "sending") return;
    this.put({ sent: still.done / still.size });
    if (still.state === "arrived") this.put({ stage: "seen" });
    if (still.state === "unlike" || still.state === "declined") this.drop("unlike");
  }

  private over(why: "ended" | "gone"): void {
    if (saves(this.state.value.keep)) {
      this.forget();
      this.put({ stage: "kept" });
    } else this.drop(agreed(this.state.value.keep) ? "saved" : why);
  }

  private drop(over?: GuestMomentState["over"]): void {
    this.forget();
    this.state.set(over ? { ...none, over } : none);
  }

  private forget(): void {
    this.sending?.forget();
    this.sending = undefined;
    this.id = undefined;
  }

  private put(now: Partial<GuestMomentState>): void {
    this.state.set({ ...this.state.value, ...now });
  }

  private tell(word: DocumentWord): void {
    this.call.tell({ t: "document", ...word });
  }
}
