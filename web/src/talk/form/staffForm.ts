import type { Added, Ways } from "../../call/channel";
import { Pace } from "../files/pace";
import { Sending } from "../files/sending";
import { wordOf } from "../files/words";
import { formBefore, keepForm } from "./before";
import type { Form, Value } from "./model";
import { Sheet } from "./sheet";
import { type Speaks, Together } from "./together";
import type { FormWord } from "./words";

/** In bytes a second: beside files and a picture there is room for it. */
const rate = 250_000;

/** What the form was made of, and can be filled in. */
export interface Paper {
  /** Of a form that the agency has defined: its id there. */
  readonly own?: string;
  readonly form: Omit<Form, "id">;
  readonly values: readonly Value[];
  /** The same with these values; undefined where that does not work. */
  fill(values: readonly Value[]): Promise<Blob | undefined>;
}

export interface Told {
  /** For the audit, which learns nothing else of it. */
  note(what: "opened" | "confirmed"): void;
  /** The result is not there, though it should be. */
  failed(): void;
}

/** The advisor's side: opens it, has it filled in, and makes the result once the guest has confirmed what stands there. */
export class StaffForm extends Together {
  private paper: Paper | undefined;
  /** What the guest has confirmed last, and whether this side counts it. */
  private round = 0;
  private voided = 0;
  private sending: Sending | undefined;
  /** A form of before this page was loaded anew, which the guest's page still has. */
  private lost: string | undefined;

  constructor(
    call: Speaks,
    private readonly desk: Told,
  ) {
    super(call, false);
    this.lost = formBefore();
  }

  /** The file is at hand: else the result cannot be made. */
  get hasPaper(): boolean {
    return this.paper !== undefined;
  }

  open(paper: Paper): void {
    this.paper = paper;
    const id = crypto.randomUUID();
    this.begin({ ...paper.form, id }, new Sheet(paper.form.fields, false, paper.values));
    this.tell({ do: "now", id });
    this.desk.note("opened");
  }

  /** The file of a form that the guest's page gave back. False where it is another one; what was shown was not its own. */
  found(paper: Paper): boolean {
    const { form } = this;
    if (!form || paper.form.digest !== form.digest) return false;
    if (JSON.stringify(paper.form.fields) !== JSON.stringify(form.fields)) {
      this.end();
      this.drop("unlike");
      return true;
    }
    this.paper = paper;
    this.put({ form: { ...form, title: paper.form.title, scripted: paper.form.scripted } });
    if (this.stage === "confirmed") void this.make();
    return true;
  }

  /** The guest's confirmation counts no more. */
  reopen(): void {
    if (this.stage === "confirmed") this.void("reopened");
  }

  /** Also on the guest's page. */
  end(): void {
    if (this.form) this.tell({ do: "close", id: this.id });
    keepForm(undefined);
    this.paper = this.lost = undefined;
    this.drop();
  }

  protected wants(id: string): boolean {
    return this.form === undefined && id === this.lost;
  }

  protected begun(): void {
    this.lost = undefined;
    this.round = this.voided = 0;
    keepForm(this.id, this.paper?.own);
  }

  protected has(id: string | undefined): void {
    const { form } = this;
    if (!form) {
      if (id !== undefined && id === this.lost) this.tell({ do: "want", id });
      return;
    }
    if (id !== form.id) {
      // The page that has confirmed it is gone.
      if (this.stage === "confirmed") this.void("reloaded");
      this.round = this.voided = 0;
      this.tell({ do: "now", id: form.id });
    } else {
      this.flush();
      this.tellValues();
    }
  }

  protected follow(word: FormWord): void {
    if (word.do === "confirm") this.confirmed(word.round, word.versions);
  }

  protected beside(message: Added): void {
    const file = wordOf(message, "form-pdf");
    if (file) this.sending?.heard(file);
  }

  protected joined(ways: Ways): void {
    this.sending?.opened(ways.files);
  }

  protected override drop(over?: Parameters<Together["drop"]>[0]): void {
    if (over) keepForm(undefined);
    super.drop(over);
  }

  protected override forget(): void {
    this.sending?.forget();
    this.sending = undefined;
    super.forget();
  }

  private confirmed(round: number, versions: readonly number[]): void {
    if (round <= this.voided) this.tell({ do: "reopen", id: this.id, round: this.voided });
    else if (this.stage === "confirmed") {
      if (round === this.round) this.tell({ do: "agreed", id: this.id, round });
    } else if (this.sheet?.isLike(versions)) this.agree(round);
    else {
      // This side has changed something while the guest was confirming.
      this.flush();
      this.voided = round;
      this.tell({ do: "reopen", id: this.id, round, why: "changed" });
      this.tellValues();
    }
  }

  private agree(round: number): void {
    this.round = round;
    this.exit();
    this.take("again");
    this.put({ stage: "confirmed" });
    this.tell({ do: "agreed", id: this.id, round });
    this.desk.note("confirmed");
    void this.make();
  }

  private void(again: "reopened" | "reloaded"): void {
    this.voided = this.round;
    this.forget();
    this.put({ stage: "filling", again });
    this.tell({ do: "reopen", id: this.id, round: this.voided });
  }

  private async make(): Promise<void> {
    const { paper, round, id } = this;
    const whole = await paper?.fill(this.state.value.values).catch(() => undefined);
    if (this.stage !== "confirmed" || this.round !== round || this.id !== id) return;
    if (whole) {
      this.done(whole);
      this.send(whole);
    } else if (paper) this.desk.failed();
  }

  private send(whole: Blob): void {
    this.sending = new Sending(
      (word) => void this.call.tell({ t: "form-pdf", ...word }),
      () => undefined,
      new Pace(rate),
    );
    if (this.ways) this.sending.opened(this.ways.files);
    this.sending.offer(new File([whole], ""), "");
  }
}
