import type { Call } from "../../call/call";
import type { Ways } from "../../call/channel";
import { Store } from "../../call/store";
import { Receiving } from "../files/receiving";
import { wordOf } from "../files/words";
import { quietMs } from "./guestMoment";
import { largestStill, stillKind } from "./jpeg";
import { agreed, type Keep, saves, say } from "./keep";
import { type DocumentWord, documentWord } from "./words";

export interface StaffMomentState {
  /** `kept`: the moment is over, and this side may still save the picture. */
  readonly stage: "none" | "wished" | "asked" | "ready" | "receiving" | "seen" | "kept";
  /** Of what is coming: the part that is here. */
  readonly here: number;
  /** The picture, as long as the moment lasts. */
  readonly url?: string;
  readonly keep: Keep;
  /** Why there is none any more, where the person has not ended it themselves. */
  readonly over?: "declined" | "camera" | "ended" | "gone" | "unlike" | "saved";
}

const none: StaffMomentState = { stage: "none", here: 0, keep: {} };

/** The advisor's side: what comes is looked at only if it was asked for, and is what it should be. */
export class StaffMoment {
  readonly state = new Store<StaffMomentState>(none);
  private id: string | undefined;
  private declinedAt = Number.NEGATIVE_INFINITY;
  private receiving: Receiving | undefined;
  private ways: Ways | undefined;
  private readonly leave: () => void;

  constructor(
    private readonly call: Pick<Call, "attend" | "tell">,
    /** A document is on the screen for the first time. */
    private readonly seen: () => void,
  ) {
    this.leave = call.attend({
      heard: (message) => {
        const word = documentWord(message);
        if (word) this.heard(word);
        const file = wordOf(message, "still");
        if (file) this.receiving?.heard(file); // what comes unasked is not even put down
      },
      opened: (ways) => {
        this.opened(ways);
      },
    });
  }

  /** Also the answer to who wishes to show one. */
  ask(): void {
    if (this.stage !== "none" && this.stage !== "wished") return;
    this.id = crypto.randomUUID();
    this.receiving = new Receiving(
      (word) => void this.call.tell({ t: "still", ...word }),
      () => {
        this.follow();
      },
      () => "",
      stillKind,
    );
    this.state.set({ ...none, stage: "asked" });
    this.tell({ do: "ask", id: this.id });
    if (this.ways) this.receiving.opened(this.ways.files);
  }

  refuseWish(): void {
    if (this.stage !== "wished") return;
    this.declinedAt = performance.now();
    this.drop();
    this.tell({ do: "no" });
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
    this.leave();
    this.end();
  }

  private get stage(): StaffMomentState["stage"] {
    return this.state.value.stage;
  }

  private heard(word: DocumentWord): void {
    if (word.do === "wish") {
      const quiet = performance.now() - this.declinedAt < quietMs;
      if (this.stage === "none" && !quiet) this.state.set({ ...none, stage: "wished" });
      return;
    }
    if (word.do === "no" && word.id === undefined && this.stage === "wished") this.drop();
    if (this.id === undefined) return;
    if (word.do === "now") this.compare(word);
    if (!("id" in word) || word.id !== this.id) return;
    const { keep } = this.state.value;
    if (word.do === "no") this.drop(word.why ?? "declined");
    if (word.do === "ready" && this.stage === "asked") this.put({ stage: "ready" });
    if (word.do === "keep") this.put({ keep: { ...keep, theirs: word.yes } });
    if (word.do === "end") this.over("ended");
  }

  /** The other page is new, or has not heard what was asked. */
  private compare({ id, keep }: { id?: string; keep?: boolean }): void {
    if (id === this.id) {
      if (keep !== undefined) this.put({ keep: { ...this.state.value.keep, theirs: keep } });
    } else if (this.stage === "asked") this.tell({ do: "ask", id: this.id ?? "" });
    else this.over("gone");
  }

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
    if (stage === "asked" && this.id !== undefined) this.tell({ do: "ask", id: this.id });
    this.receiving?.opened(ways.files);
  }

  /** One still in one moment: the first. */
  private follow(): void {
    const [still] = this.receiving?.files ?? [];
    if (!still || this.stage === "seen" || this.stage === "kept") return;
    if (still.state === "offered") {
      if (still.size > largestStill) this.receiving?.decline(still.id);
      else this.receiving?.accept(still.id);
    } else if (still.state === "receiving") this.put({ stage: "receiving", here: still.done / still.size });
    else if (still.state === "here" && still.url) {
      this.put({ stage: "seen", url: still.url });
      this.seen();
    } else if (still.state === "unlike" || still.state === "declined") this.drop("unlike");
    else if (still.state === "gone") this.over("gone");
  }

  private over(why: "ended" | "gone"): void {
    if (saves(this.state.value.keep)) {
      this.id = undefined;
      this.put({ stage: "kept" });
    } else this.drop(agreed(this.state.value.keep) ? "saved" : why);
  }

  private drop(over?: StaffMomentState["over"]): void {
    this.receiving?.close();
    this.receiving = undefined;
    this.id = undefined;
    this.state.set(over ? { ...none, over } : none);
  }

  private put(now: Partial<StaffMomentState>): void {
    this.state.set({ ...this.state.value, ...now });
  }

  private tell(word: DocumentWord): void {
    this.call.tell({ t: "document", ...word });
  }
}
