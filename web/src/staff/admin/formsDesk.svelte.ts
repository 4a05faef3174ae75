import { type ApiError, asApiError } from "../../api/client";
import {
  changeForm,
  defineForm,
  dropForm,
  type PlaceForm,
  type PlaceForms,
  readForm,
  readForms,
  type Template,
} from "../../api/forms";
import { type FormDraft, formDraft, type FormWrong, readForm as readDraft } from "./formDraft";

interface Edited {
  /** Undefined for a new one. */
  readonly id?: string;
  readonly version: number;
  readonly begins: FormDraft;
}

/** The forms of a place, and what is done to them. */
export class FormsDesk {
  list = $state.raw<PlaceForms>();
  edited = $state.raw<Edited>();
  wrong = $state.raw<FormWrong>();
  refusal = $state.raw<ApiError>();
  busy = $state(false);

  constructor(readonly place: string) {
    void this.#act(() => readForms(place));
  }

  begin(): void {
    this.#forget();
    this.edited = { version: 0, begins: formDraft() };
  }

  async change({ id }: PlaceForm): Promise<boolean> {
    let read: { version: number; form: Template } | undefined;
    const done = await this.#act(async () => {
      read = await readForm(this.place, id);
    });
    if (read) this.edited = { id, version: read.version, begins: formDraft(read.form) };
    return done;
  }

  cancel(): void {
    this.#forget();
    this.edited = undefined;
  }

  /** What is wrong stands at the field; whoever saves what somebody has changed meanwhile reads so and loses nothing. */
  async save(draft: FormDraft): Promise<boolean> {
    const { edited } = this;
    const read = readDraft(draft);
    this.wrong = "wrong" in read ? read.wrong : undefined;
    if (!edited || "wrong" in read) return false;
    const { id, version } = edited;
    const done = await this.#act(() =>
      id === undefined ? defineForm(this.place, read.form) : changeForm(this.place, id, version, read.form),
    );
    if (done) this.edited = undefined;
    else await this.#refused(edited);
    return done;
  }

  async drop(form: PlaceForm): Promise<boolean> {
    if (await this.#act(() => dropForm(this.place, form))) return true;
    const why = this.refusal;
    if (
      (why?.status === 404 || why?.code === "admin.changed") &&
      (await this.#act(() => readForms(this.place)))
    )
      this.refusal = why;
    return false;
  }

  async #refused(edited: Edited): Promise<void> {
    const why = this.refusal;
    const { field, what } = (why?.params ?? {}) as Partial<FormWrong>;
    if (why?.code === "template.invalid" && typeof field === "number" && what) this.wrong = { field, what };
    if (why?.code === "template.named") this.wrong = { field: 0, what: "named" };
    if (this.wrong) this.refusal = undefined;
    // Saved once more, what stands in the fields counts.
    if (why?.code !== "admin.changed" || edited.id === undefined) return;
    const now = await readForm(this.place, edited.id).catch(() => undefined);
    if (now) this.edited = { ...edited, version: now.version };
  }

  #forget(): void {
    this.wrong = undefined;
    this.refusal = undefined;
  }

  async #act(action: () => Promise<PlaceForms | void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.#forget();
    try {
      this.list = (await action()) ?? this.list;
      return true;
    } catch (error) {
      this.refusal = asApiError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
