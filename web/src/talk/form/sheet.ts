import { emptyOf, type Field, type Value, valueOf } from "./model";
import type { Line } from "./words";

interface Entry {
  readonly value: Value;
  /** How often it was changed. */
  readonly n: number;
  readonly guest: boolean;
}

/** So much further than this side a field of the other one may be; who skips more does not mean it. */
const mostAhead = 1_000;

/**
 * What stands in the fields. Both pages come to the same, in whatever order they hear of it: what was changed more often
 * counts, and of two that were changed as often the guest's, who alone confirms it.
 */
export class Sheet {
  private entries: readonly Entry[];
  private readonly unsaid = new Set<number>();

  constructor(
    private readonly fields: readonly Field[],
    private readonly guest: boolean,
    values: readonly Value[] = [],
  ) {
    this.entries = fields.map((field, at) => ({ value: values[at] ?? emptyOf(field), n: 0, guest: false }));
    // What a file is filled in with beforehand is the advisor's first word.
    this.entries = this.entries.map((entry, at) => (values[at] === undefined ? entry : { ...entry, n: 1 }));
  }

  get values(): readonly Value[] {
    return this.entries.map(({ value }) => value);
  }

  get versions(): readonly number[] {
    return this.entries.map(({ n }) => n);
  }

  /** False where nothing changes. */
  edit(at: number, wanted: Value): boolean {
    const [field, entry] = [this.fields[at], this.entries[at]];
    const value = field && valueOf(field, wanted);
    if (!entry || value === undefined || value === entry.value) return false;
    // What has not been said yet is still the same change.
    this.put(at, { value, n: this.unsaid.has(at) ? entry.n : entry.n + 1, guest: this.guest });
    this.unsaid.add(at);
    return true;
  }

  /** False where it is no such field, no such value, or older than what is here. */
  take([at, n, guest, data]: Line): boolean {
    const [field, entry] = [this.fields[at], this.entries[at]];
    const value = field && valueOf(field, data);
    if (!entry || value === undefined || n > entry.n + mostAhead) return false;
    if (n < entry.n || (n === entry.n && (!guest || entry.guest))) return false;
    this.unsaid.delete(at);
    this.put(at, { value, n, guest });
    return true;
  }

  /** Of these fields, or of all that was ever changed. */
  lines(of?: Iterable<number>): Line[] {
    return [...(of ?? this.entries.keys())].flatMap((at): Line[] => {
      const entry = this.entries[at];
      return entry && entry.n > 0 ? [[at, entry.n, entry.guest, entry.value]] : [];
    });
  }

  get toSay(): Line[] {
    return this.lines(this.unsaid);
  }

  said(lines: readonly Line[]): void {
    for (const [at] of lines) this.unsaid.delete(at);
  }

  isLike(versions: readonly number[]): boolean {
    return (
      this.unsaid.size === 0 &&
      versions.length === this.entries.length &&
      this.entries.every(({ n }, at) => n === versions[at])
    );
  }

  private put(at: number, now: Entry): void {
    this.entries = this.entries.map((entry, n) => (n === at ? now : entry));
  }
}
