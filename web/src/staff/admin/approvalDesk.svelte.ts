import {
  type Approval,
  type Askable,
  askFor,
  decideApproval,
  noteRead,
  readApprovals,
} from "../../api/approvals";
import { type ApiError, asApiError } from "../../api/client";

/** What waits for a second person, and what is done about it, one thing after the other. */
export class ApprovalDesk {
  list = $state.raw<readonly Approval[]>();
  refusal = $state.raw<ApiError>();
  busy = $state(false);

  load(): Promise<boolean> {
    return this.#act(readApprovals);
  }

  ask(act: Askable): Promise<boolean> {
    return this.#act(() => askFor(act));
  }

  /** A colleague may have been quicker: then what is shown is what there is. */
  async decide(one: Approval, allow: boolean, reason = ""): Promise<boolean> {
    if (await this.#act(() => decideApproval(one.id, allow, reason))) return true;
    const why = this.refusal;
    if (why?.status === 409 && (await this.load())) this.refusal = why;
    return false;
  }

  /** Whoever has asked knows that it was declined. */
  read(one: Approval): Promise<boolean> {
    return this.#act(() => noteRead(one.id));
  }

  async #act(action: () => Promise<readonly Approval[]>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = undefined;
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

export interface Parted {
  /** Two have agreed, and it is still to be done: until then it can be taken back. */
  readonly agreed: readonly Approval[];
  readonly open: readonly Approval[];
  readonly over: readonly Approval[];
}

/** What can still be taken back, what waits for a second person, and what is over. */
export function parted(list: readonly Approval[], now: number): Parted {
  const waits = ({ decidedAt, untilAt }: Approval): boolean => decidedAt === undefined && untilAt > now;
  const agreed = ({ mayEnd, untilAt }: Approval): boolean => mayEnd && untilAt > now;
  return {
    agreed: list.filter(agreed),
    open: list.filter(waits),
    over: list.filter((one) => !waits(one) && !agreed(one)),
  };
}
