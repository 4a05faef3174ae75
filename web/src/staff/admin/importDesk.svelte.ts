import { type Imported, importFiles, mistakesOf, type Mistake } from "../../api/admin";
import { type ApiError, asApiError } from "../../api/client";

/** Files that are looked at first, and taken over then. */
export class ImportDesk {
  busy = $state<"checking" | "taking">();
  /** What would change, or has been changed. */
  result = $state.raw<Imported>();
  mistakes = $state.raw<readonly Mistake[]>([]);
  /** Mistakes that are not in the list. */
  more = $state(0);
  refusal = $state.raw<ApiError>();
  /** Nothing was chosen. */
  missing = $state(false);
  #files: readonly File[] = [];

  constructor(private readonly changed: () => void) {}

  /** Whatever was said is about other files. */
  choose(files: readonly File[]): void {
    this.#files = files;
    this.#forget();
  }

  async check(): Promise<void> {
    this.missing = this.#files.length === 0;
    if (!this.missing) await this.#ask(true);
  }

  async take(): Promise<void> {
    await this.#ask(false);
    if (this.result?.trial === false) this.changed();
  }

  async #ask(trial: boolean): Promise<void> {
    if (this.busy) return;
    this.busy = trial ? "checking" : "taking";
    try {
      const result = await importFiles(this.#files, trial);
      this.#forget();
      this.result = result;
    } catch (error) {
      const why = asApiError(error);
      // What would change is still true when only the answer was lost.
      if (why.code !== "network" && why.code !== "timeout") this.result = undefined;
      this.mistakes = mistakesOf(why);
      this.more = Number((why.details as { more?: number } | undefined)?.more ?? 0);
      this.refusal = this.mistakes.length > 0 ? undefined : why;
    } finally {
      this.busy = undefined;
    }
  }

  #forget(): void {
    this.result = this.refusal = undefined;
    this.mistakes = [];
    this.more = 0;
    this.missing = false;
  }
}
