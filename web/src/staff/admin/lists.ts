import { type Account, type Place, type PlaceKind, searchPeople, searchPlaces } from "../../api/admin";
import { Lookup, type LookupOptions } from "./lookup";

/**
 * What was searched for and found, for as long as the pages are open: whoever comes back from one place finds the list
 * as they left it, unless something has been changed.
 */
export class Lists {
  private readonly places = new Map<PlaceKind, Lookup<Place>>();
  private readonly stale = new Set<object>();
  /** Whom the list of people is about, beside what was typed. */
  readonly whom = { role: "", state: "", place: "" };
  readonly people: Lookup<Account>;

  constructor(private readonly answered: LookupOptions<Place>["answered"] & {}) {
    this.people = new Lookup({
      ask: (text, after, signal) => searchPeople({ text, ...this.whom, ...(after ? { after } : {}) }, signal),
      answered,
    });
  }

  of(kind: PlaceKind): Lookup<Place> {
    let list = this.places.get(kind);
    if (!list) {
      const { answered } = this;
      list = new Lookup({
        ask: (text, after, signal) => searchPlaces({ kind, text, ...(after ? { after } : {}) }, signal),
        answered,
      });
      this.places.set(kind, list);
    }
    return list;
  }

  /** Asks where nothing is there yet, or no longer what is true. */
  freshen(list: Lookup<Account> | Lookup<Place>): void {
    if (list.state.phase === "first" || list.state.refusal || this.stale.delete(list)) void list.again();
  }

  /** Something has been changed. */
  changed(): void {
    for (const list of this.places.values()) this.stale.add(list);
    this.stale.add(this.people);
  }
}
