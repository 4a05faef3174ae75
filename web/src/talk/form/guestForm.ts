import type { Added, Ways } from "../../call/channel";
import { kindOf } from "../files/kind";
import { Receiving } from "../files/receiving";
import { wordOf } from "../files/words";
import { missingIn } from "./model";
import { type Speaks, Together } from "./together";
import type { FormWord } from "./words";

/** In bytes: what is filled in is hardly larger than what it was made of. */
export const largestPaper = 10_000_000;

/** The guest's side of a form: fills it in like the advisor, and alone can confirm it. */
export class GuestForm extends Together {
  private round = 0;
  private receiving: Receiving | undefined;

  constructor(call: Speaks) {
    super(call, true);
  }

  /** The fields that are missing still; nothing is confirmed where there are any. */
  confirm(): readonly number[] {
    const { form, sheet } = this;
    if (!form || !sheet || this.stage !== "filling") return [];
    const missing = missingIn(form, sheet.values);
    if (missing.length > 0) return missing;
    this.exit();
    this.flush();
    this.round++;
    this.take("again");
    this.put({ stage: "confirming" });
    this.receive();
    this.tellConfirmed();
    return [];
  }

  /** Whatever the advisor opens; of one that is here already nothing more is needed. */
  protected wants(id: string): boolean {
    return id !== this.form?.id;
  }

  protected begun(): void {
    this.round = 0;
  }

  protected has(id: string | undefined): void {
    if (id === undefined || id !== this.form?.id) {
      if (id !== undefined) this.tell({ do: "want", id });
      else if (this.form) this.tell({ do: "now", id: this.form.id }); // the advisor's page has been loaded anew
      return;
    }
    this.flush();
    this.tellValues();
    if (this.stage !== "filling") this.tellConfirmed();
  }

  protected override told(): void {
    if (this.stage !== "filling") this.tellConfirmed();
  }

  protected follow(word: FormWord): void {
    if (word.do === "close") this.drop("closed");
    if (word.do === "agreed" && word.round === this.round && this.stage === "confirming")
      this.put({ stage: "confirmed" });
    if (word.do === "reopen" && word.round >= this.round && this.stage !== "filling") {
      this.forget();
      this.put({ stage: "filling", again: word.why ?? "reopened" });
    }
  }

  protected beside(message: Added): void {
    const file = wordOf(message, "form-pdf");
    if (file) this.receiving?.heard(file); // what comes before it was confirmed is not even put down
  }

  protected joined(ways: Ways): void {
    this.receiving?.opened(ways.files);
  }

  protected override forget(): void {
    this.receiving?.close();
    this.receiving = undefined;
    super.forget();
  }

  private tellConfirmed(): void {
    if (this.sheet)
      this.tell({ do: "confirm", id: this.id, round: this.round, versions: this.sheet.versions });
  }

  private receive(): void {
    this.receiving?.close();
    this.receiving = new Receiving(
      (word) => void this.call.tell({ t: "form-pdf", ...word }),
      () => {
        this.arrives();
      },
      () => "",
      async (whole) => {
        const kind = await kindOf(whole);
        return kind?.type === "application/pdf" ? kind : undefined;
      },
    );
    if (this.ways) this.receiving.opened(this.ways.files);
  }

  /** One result of one confirmation: the first. */
  private arrives(): void {
    const [paper] = this.receiving?.files ?? [];
    if (!paper || this.state.value.result) return;
    if (paper.state === "offered") {
      if (paper.size > largestPaper) this.receiving?.decline(paper.id);
      else this.receiving?.accept(paper.id);
    }
    if (paper.state === "here" && paper.whole) this.done(paper.whole);
  }
}
