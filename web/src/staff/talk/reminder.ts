import type { TalkView } from "../../api/types";

const before = 5 * 60_000;
/** Where a window that is reloaded finds whether it has been said already. */
const said = "visavis.reminded";

/** Says once of a talk that its time is nearly over. */
export class Reminder {
  constructor(private readonly memory: Pick<Storage, "getItem" | "setItem">) {}

  /** True at the first moment in which it is to be said. A talk that began in the last minutes is not reminded of them. */
  falls({ id, admittedAt, enteredAt, endedAt, appointment: { endsAt } }: TalkView, now: number): boolean {
    const from = endsAt - before;
    if (enteredAt === undefined || endedAt !== undefined || admittedAt >= from || now < from) return false;
    if (now >= endsAt || this.memory.getItem(said) === id) return false;
    this.memory.setItem(said, id);
    return true;
  }
}
