import { type ApiError, asApiError } from "../../api/client";
import { endSubstitute, nameSubstitute, readSubstitutes, type Substitute } from "../../api/substitutes";
import type { StaffKey } from "../../i18n/staff";
import { dayText } from "../../i18n/times";
import type { Texts } from "../../ui";
import { at, shifted } from "../today/days";

type Named = Parameters<typeof nameSubstitute>[1];

/** The substitutes of one desk, and what is done to them. */
export class SubstituteDesk {
  list = $state.raw<readonly Substitute[]>();
  refusal = $state.raw<ApiError>();
  busy = $state(false);
  receipt = $state("");

  constructor(readonly id: string) {
    void this.#act(() => readSubstitutes(id));
  }

  name(said: Named): Promise<boolean> {
    return this.#act(() => nameSubstitute(this.id, said));
  }

  /** It may be over already, or a colleague was quicker: then what is shown is what there is. */
  async end(one: Substitute): Promise<boolean> {
    if (await this.#act(() => endSubstitute(this.id, one))) return true;
    const why = this.refusal;
    if (why?.status === 404 && (await this.#act(() => readSubstitutes(this.id)))) this.refusal = why;
    return false;
  }

  async #act(action: () => Promise<readonly Substitute[]>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = undefined;
    this.receipt = "";
    try {
      this.list = await action();
      return true;
    } catch (error) {
      this.refusal = asApiError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/** From the beginning of the first day to the end of the last; undefined: that is no time, or over. */
export function spanOf(
  first: string,
  last: string,
  zone: string | undefined,
  now = Date.now(),
): { from: number; until: number } | undefined {
  if (first === "" || last === "" || last < first) return undefined;
  const from = at(first, "00:00", zone);
  const until = at(shifted(last, 1), "00:00", zone);
  return Number.isNaN(from) || !(until > now) ? undefined : { from, until };
}

/** "bis Freitag, 27. November", or from when to when. */
export function spanSentence(
  { from, until }: Pick<Substitute, "from" | "until">,
  now: number,
  texts: Texts<StaffKey>,
): string {
  const date = dayText(until - 1, texts);
  return from <= now
    ? texts.t("admin.held.until", { date })
    : texts.t("admin.substitutes.later", { from: dayText(from, texts), date });
}
