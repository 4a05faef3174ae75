import type { Call } from "../../call/call";
import type { Added, Ways } from "../../call/channel";
import { Store } from "../../call/store";
import { type Field, fieldOf, type Form, largestForm, type Value } from "./model";
import { Patience } from "./patience";
import { Sheet } from "./sheet";
import { batches, type FormWord, formWord, type Line } from "./words";

export interface FormState {
  readonly form?: Form;
  readonly values: readonly Value[];
  /** Where the other one is: nobody else writes there. */
  readonly theirs?: number;
  /** Where the other one asked to look; counts up, so that the same place can be shown twice. */
  readonly pointed?: { readonly field: number; readonly nth: number };
  /** `confirming`: the guest has confirmed, and the advisor's page has not said that it came. */
  readonly stage: "none" | "filling" | "confirming" | "confirmed";
  /** The confirmation counts no more: the advisor goes on, what stands there had just changed, or the page is a new one. */
  readonly again?: "reopened" | "changed" | "reloaded";
  readonly saved: { readonly mine: boolean; readonly theirs: boolean };
  /** The result, once there is one. */
  readonly result?: { readonly whole: Blob; readonly url: string };
  /** Why there is no form any more, where this person has not closed it. */
  readonly over?: "closed" | "gone" | "unlike";
}

const none: FormState = { values: [], stage: "none", saved: { mine: false, theirs: false } };

/** In ms: typing is told in steps that look like typing. */
const tellMs = 100;
/** In ms: who does nothing in a field leaves it to the other one. */
export const holdMs = 30_000;
/** In ms: all of it is told no more often. */
const allMs = 1_000;

/** What those who see the fields can do to them. */
export type Fillable = Pick<Together, "enter" | "exit" | "edit" | "point">;

export type Speaks = Pick<Call, "attend" | "tell">;

interface Coming {
  readonly form: Omit<Form, "fields">;
  readonly count: number;
  readonly fields: Field[];
  size: number;
}

/** What both sides of a form have in common: its fields, what stands in them, and who is where. */
export abstract class Together {
  readonly state = new Store<FormState>(none);
  protected sheet: Sheet | undefined;
  protected ways: Ways | undefined;
  private readonly patience = new Patience();
  private coming: Coming | undefined;
  private mine: number | undefined;
  private allAt = Number.NEGATIVE_INFINITY;
  private readonly timers: Record<
    "tell" | "all" | "mine" | "theirs",
    ReturnType<typeof setTimeout> | undefined
  > = {
    tell: undefined,
    all: undefined,
    mine: undefined,
    theirs: undefined,
  };
  private readonly leave: () => void;

  constructor(
    protected readonly call: Speaks,
    private readonly guest: boolean,
  ) {
    this.leave = call.attend({
      heard: (message) => {
        this.hears(message);
      },
      opened: (ways) => {
        this.opens(ways);
      },
    });
  }

  /** False where the other one is in this field: of two who come at once it is the guest's. */
  enter(field: number): boolean {
    if (this.stage !== "filling" || this.state.value.theirs === field) return false;
    this.mine = field;
    this.stay();
    this.tell({ do: "at", id: this.id, field });
    return true;
  }

  /** Without `field` wherever this side is. */
  exit(field = this.mine): void {
    if (field === undefined || this.mine !== field) return;
    this.mine = undefined;
    clearTimeout(this.timers.mine);
    this.flush();
    if (this.form) this.tell({ do: "at", id: this.id });
  }

  edit(field: number, value: Value): void {
    if (this.stage !== "filling" || this.state.value.theirs === field) return;
    if (this.mine !== field && !this.enter(field)) return;
    if (!this.sheet?.edit(field, value)) return;
    this.stay();
    this.put({ values: this.sheet.values });
    this.timers.tell ??= setTimeout(() => {
      this.flush();
    }, tellMs);
  }

  point(field: number): void {
    if (this.form) this.tell({ do: "point", id: this.id, field });
  }

  /** This side has saved the result. */
  save(): void {
    this.put({ saved: { ...this.state.value.saved, mine: true } });
    this.tell({ do: "saved", id: this.id });
  }

  close(): void {
    this.leave();
    this.drop();
  }

  protected get form(): Form | undefined {
    return this.state.value.form;
  }

  protected get id(): string {
    return this.form?.id ?? "";
  }

  protected get stage(): FormState["stage"] {
    return this.state.value.stage;
  }

  /** Whether this page takes a form that comes. */
  protected abstract wants(id: string): boolean;
  /** A form is here, whole. */
  protected abstract begun(): void;
  /** The other page has this form, or none. */
  protected abstract has(id: string | undefined): void;
  /** What only one of the sides has to do with. */
  protected abstract follow(word: FormWord): void;
  protected abstract beside(message: Added): void;
  /** There is a new channel to the same person. */
  protected abstract joined(ways: Ways): void;

  protected begin(form: Form, sheet: Sheet): void {
    this.drop();
    this.sheet = sheet;
    this.state.set({ ...none, form, values: sheet.values, stage: "filling" });
    this.begun();
  }

  /** Ends it on this side. */
  protected drop(over?: FormState["over"]): void {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.timers.tell = this.timers.all = undefined;
    this.sheet = this.mine = this.coming = undefined;
    this.forget();
    this.state.set(over ? { ...none, over } : none);
  }

  /** The result is that of before. */
  protected forget(): void {
    const { result } = this.state.value;
    if (result) URL.revokeObjectURL(result.url);
    if (this.form) this.state.set({ ...omit(this.state.value, "result"), saved: none.saved });
  }

  protected done(whole: Blob): void {
    this.put({ result: { whole, url: URL.createObjectURL(whole) } });
  }

  protected put(now: Partial<FormState>): void {
    this.state.set({ ...this.state.value, ...now });
  }

  protected take(name: keyof FormState): void {
    this.state.set(omit(this.state.value, name));
  }

  protected tell(word: FormWord): boolean {
    return this.call.tell({ t: "form", ...word });
  }

  /** What was changed here and not told yet. */
  protected flush(): void {
    clearTimeout(this.timers.tell);
    this.timers.tell = undefined;
    if (!this.sheet) return;
    for (const { items } of batches(this.sheet.toSay))
      if (this.tell({ do: "set", id: this.id, lines: items })) this.sheet.said(items);
  }

  protected tellValues(): void {
    for (const { items } of batches(this.sheet?.lines() ?? []))
      this.tell({ do: "set", id: this.id, lines: items });
  }

  private hears(message: Added): void {
    this.beside(message);
    const word = formWord(message);
    if (!word || !this.patience.take()) return;
    if (word.do === "now") {
      this.has(word.id);
      return;
    }
    if (word.do === "head" && this.wants(word.id)) this.expect(word);
    if (word.do === "fields" && word.id === this.coming?.form.id) this.gather(word.at, word.fields);
    if (word.id !== this.form?.id) return;
    this.hear(word);
    this.follow(word);
  }

  private hear(word: FormWord): void {
    const { fields = [] } = this.form ?? {};
    if (word.do === "want") this.tellAllSoon();
    if (word.do === "set") this.takeLines(word.lines);
    if (word.do === "at") this.comes(word.field !== undefined && fields[word.field] ? word.field : undefined);
    if (word.do === "point" && fields[word.field])
      this.put({ pointed: { field: word.field, nth: (this.state.value.pointed?.nth ?? 0) + 1 } });
    if (word.do === "saved" && this.state.value.result)
      this.put({ saved: { ...this.state.value.saved, theirs: true } });
  }

  private takeLines(lines: readonly Line[]): void {
    if (!this.sheet || this.stage !== "filling") return; // what was confirmed stays as it was
    let changed = false;
    for (const line of lines) changed = this.sheet.take(line) || changed;
    if (changed) this.put({ values: this.sheet.values });
    if (this.state.value.theirs !== undefined) this.wait();
  }

  /** Of two who come into the same field at once it is the guest's. */
  private comes(field: number | undefined): void {
    clearTimeout(this.timers.theirs);
    if (field !== undefined && field === this.mine) {
      if (this.guest) return;
      this.mine = undefined;
    }
    if (field === undefined) this.take("theirs");
    else {
      this.put({ theirs: field });
      this.wait();
    }
  }

  private stay(): void {
    clearTimeout(this.timers.mine);
    this.timers.mine = setTimeout(() => {
      this.exit();
    }, holdMs);
  }

  private wait(): void {
    clearTimeout(this.timers.theirs);
    this.timers.theirs = setTimeout(() => {
      this.take("theirs");
    }, holdMs + 5_000);
  }

  private opens(ways: Ways): void {
    const before = this.ways?.other;
    this.ways = ways;
    this.take("theirs");
    if (before !== undefined && before !== ways.other && this.form) this.drop("gone");
    this.tell({ do: "now", ...(this.form ? { id: this.id } : {}) });
    this.joined(ways);
  }

  private tellAllSoon(): void {
    if (this.timers.all !== undefined) return;
    this.timers.all = setTimeout(
      () => {
        this.timers.all = undefined;
        this.allAt = performance.now();
        this.tellAll();
      },
      Math.max(0, this.allAt + allMs - performance.now()),
    );
  }

  private tellAll(): void {
    const { form } = this;
    if (!form) return;
    const { id, title, digest, scripted, fields } = form;
    this.tell({ do: "head", id, title, digest, scripted, count: fields.length });
    for (const { at, items } of batches(fields)) this.tell({ do: "fields", id, at, fields: items });
    this.flush();
    this.tellValues();
    if (this.mine !== undefined) this.tell({ do: "at", id, field: this.mine });
    this.told();
  }

  /** All of it was told. */
  protected told(): void {
    return;
  }

  private expect({ id, title, digest, scripted, count }: FormWord & { do: "head" }): void {
    this.coming = { form: { id, title, digest, scripted }, count, fields: [], size: 0 };
  }

  /** Fields come in their order; a form one of whose fields is none, or that is too large, is none. */
  private gather(at: number, said: readonly unknown[]): void {
    const { coming } = this;
    if (coming?.fields.length !== at) return;
    const fields = said.map(fieldOf);
    coming.size += JSON.stringify(said).length;
    const good = fields.filter((field) => field !== undefined);
    const count = at + good.length;
    if (good.length !== fields.length || count > coming.count || coming.size > largestForm) {
      this.coming = undefined;
      return;
    }
    coming.fields.push(...good);
    if (count < coming.count) return;
    this.coming = undefined;
    const form = { ...coming.form, fields: coming.fields };
    this.begin(form, new Sheet(form.fields, this.guest));
  }
}

function omit(state: FormState, name: keyof FormState): FormState {
  const { [name]: _, ...rest } = state;
  return rest as FormState;
}
