import {
  changePlace,
  createPlace,
  mistakesOf,
  type Mistake,
  type PlaceKind,
  type PlaceView,
  readPlace,
} from "../../api/admin";
import { type ApiError, asApiError } from "../../api/client";
import {
  changesIn,
  draftOf,
  fieldAt,
  newDraft,
  newPlace,
  type PlaceDraft,
  type PlaceField,
  placeFields,
  rebase,
  wrongIn,
} from "./placeForm";

/** A place that is being written: a new one, or a change of one that is there. Nothing typed is ever lost. */
export class PlaceEdit {
  draft = $state.raw<PlaceDraft>({});
  busy = $state(false);
  mistakes = $state.raw<readonly Mistake[]>([]);
  refusal = $state.raw<ApiError>();
  /** Somebody else was quicker: what they have stored in fields that were written here, too. */
  clashes = $state.raw<{ field: PlaceField; now: string }[]>();
  /** Nothing is different from what is stored. */
  same = $state(false);
  readonly fields: readonly PlaceField[];
  view: PlaceView | undefined;
  #base: PlaceDraft = {};

  constructor(
    readonly kind: PlaceKind,
    view?: PlaceView,
    within: Partial<Record<"department" | "location", string>> = {},
  ) {
    this.fields = placeFields(kind, view === undefined);
    this.view = view;
    this.#base = view ? draftOf(view) : {};
    this.draft = view ? this.#base : { ...newDraft(kind), ...within };
  }

  write(field: PlaceField, value: string): void {
    this.draft = { ...this.draft, [field]: value };
    this.same = false;
    this.mistakes = this.mistakes.filter(({ params }) => fieldAt(params?.["column"]) !== field);
  }

  wrongAt(field: PlaceField): Mistake | undefined {
    return this.mistakes.find(({ params }) => fieldAt(params?.["column"]) === field);
  }

  /** Answers the place as it is stored, or nothing: then it says why. */
  async save(): Promise<PlaceView | undefined> {
    if (this.busy) return undefined;
    this.refusal = this.clashes = undefined;
    this.same = false;
    this.mistakes = wrongIn(this.draft, this.fields);
    if (this.mistakes.length > 0) return undefined;
    this.busy = true;
    try {
      if (!this.view) return await createPlace(newPlace(this.kind, this.draft));
      const changes = changesIn(this.draft, this.#base);
      if (Object.keys(changes).length > 0)
        return await changePlace(this.view.id, this.view.version ?? "", changes);
      this.same = true;
      return undefined;
    } catch (error) {
      await this.#refused(asApiError(error));
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  async #refused(error: ApiError): Promise<void> {
    if (error.code === "place.code_taken") {
      this.mistakes = [
        { file: "", line: 0, code: "code_taken", params: { ...error.params, column: "code" } },
      ];
      return;
    }
    this.mistakes = mistakesOf(error);
    // A mistake that belongs to none of the fields is told above them.
    if (this.mistakes.some((one) => this.fields.some((field) => this.wrongAt(field) === one))) return;
    if (error.code !== "admin.changed" || !this.view) {
      this.refusal = error;
      return;
    }
    try {
      this.view = await readPlace(this.view.id);
    } catch {
      this.refusal = error;
      return;
    }
    const fresh = draftOf(this.view);
    const { draft, clashes } = rebase(this.draft, this.#base, fresh);
    this.draft = draft;
    this.clashes = clashes.map((field) => ({ field, now: this.#shown(field, fresh[field]) }));
    this.#base = fresh;
  }

  #shown(field: PlaceField, value = ""): string {
    return field === "location" ? (this.view?.location?.name ?? value) : value;
  }
}
