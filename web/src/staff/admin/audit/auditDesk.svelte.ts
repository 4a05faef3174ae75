import { type AuditEntry, type AuditSearch, type Named, searchAudit } from "../../../api/audit";
import { type ApiError, asApiError } from "../../../api/client";
import { at, shifted } from "../../today/days";

/** Parts of the agency by their ids. */
export type Places = Readonly<Partial<Record<string, Named>>>;

/** What somebody looks for in the audit, and what was found, page by page. */
export class AuditDesk {
  entries = $state.raw<readonly AuditEntry[]>();
  next = $state<string>();
  refusal = $state.raw<ApiError>();
  busy = $state(false);
  /** What the entries answer: the form may have gone on. */
  look = $state.raw<AuditSearch>({});
  /** Who was looked for: by its pseudonym in the entries, and by name. */
  person = $state.raw<{ pseudonym: string; name: string }>();

  /** What entries speak of by its id. */
  places = $state.raw<Places>({});

  /** Tells whether something came. */
  async search(look: AuditSearch, name: string): Promise<boolean> {
    const page = await this.#asked(() => searchAudit(look, undefined));
    if (!page) return false;
    this.look = look;
    this.entries = page.entries;
    this.next = page.next;
    this.places = byId(page.places);
    this.person = page.person === undefined ? undefined : { pseudonym: page.person, name };
    return true;
  }

  /** A further page; tells which number its first entry has in the list. */
  async more(): Promise<number | undefined> {
    const before = this.entries ?? [];
    const page = await this.#asked(() => searchAudit(this.look, this.next));
    if (!page) return undefined;
    this.entries = [...before, ...page.entries];
    this.next = page.next;
    this.places = { ...this.places, ...byId(page.places) };
    return before.length;
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.refusal = undefined;
    try {
      return await ask();
    } catch (error) {
      this.refusal = asApiError(error);
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}

const byId = (places: readonly Named[]): Places => Object.fromEntries(places.map((one) => [one.id, one]));

/** An id is copied with the word before it, and read out in capitals; short numbers are those of entries. */
export function wanted(text: string): Pick<AuditSearch, "object" | "number"> {
  const last = text.trim().toLowerCase().split(/\s+/).at(-1) ?? "";
  if (/^\d{1,15}$/.test(last)) return { number: Number(last) };
  return last === "" ? {} : { object: last };
}

/** From the beginning of a day to the end of another; either may be left out. Undefined: the last is before the first. */
export function daysOf(
  first: string,
  last: string,
  zone: string | undefined,
): Pick<AuditSearch, "from" | "until"> | undefined {
  if (first !== "" && last !== "" && last < first) return undefined;
  return {
    ...(first === "" ? {} : { from: at(first, "00:00", zone) }),
    ...(last === "" ? {} : { until: at(shifted(last, 1), "00:00", zone) }),
  };
}
