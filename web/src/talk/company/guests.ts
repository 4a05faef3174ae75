import type { Call } from "../../call/call";
import { type Describe, Pair, type PairState } from "../../call/pair";
import { Store } from "../../call/store";
import { address, addressedOf, type Person, type Roster, rosterOf } from "./wire";

/** The server makes a description ready for the page of another guest, named by the talk with them. */
type DescribeTo = (who: string, ...about: Parameters<Describe>) => ReturnType<Describe>;

/** How one guest is connected with the others. */
export interface Pairs {
  /** The talk with this one. */
  readonly own: string;
  /** Whom the others must see well. */
  readonly sharp: boolean;
  readonly describe: DescribeTo;
}

export interface Member {
  readonly person: Person;
  readonly pair: PairState;
}

/** So long may the advisor's page be out of reach before the guests stop hearing each other. */
const aloneMs = 10_000;

/**
 * The other guests of a talk, as one of them has them: a connection with each, as long as the advisor's page says that they
 * are in the talk. Guests are never alone with each other: without that page nothing goes out.
 */
export class Guests {
  readonly members = new Store<readonly Member[]>([]);
  readonly apart = new Store(false);
  readonly alone = new Store(false);
  private readonly pairs = new Map<string, { person: Person; pair: Pair }>();
  private missing: ReturnType<typeof setTimeout> | undefined;
  private readonly leaves: (() => void)[];

  constructor(
    private readonly call: Call,
    private readonly o: Pairs,
  ) {
    this.leaves = [
      call.attend({
        heard: (message) => {
          if (message.t !== "company") return;
          const roster = rosterOf(message);
          if (roster) this.meet(roster);
          const addressed = addressedOf(message, "from");
          if (addressed)
            void this.pairs
              .get(addressed.who)
              ?.pair.take(addressed.passed)
              .catch(() => undefined);
        },
        opened: () => {
          this.ask();
        },
      }),
      call.subscribe(({ phase, local }) => {
        this.attended(phase === "connected");
        // A halted talk that goes on does so without who is still asked out.
        if (this.apart.value && !local.held && phase !== "ended") call.hold(true);
      }),
    ];
  }

  close(): void {
    for (const leave of this.leaves) leave();
    clearTimeout(this.missing);
    for (const { pair } of this.pairs.values()) pair.close();
    this.pairs.clear();
  }

  private ask(): void {
    this.call.tell({ t: "company", do: "who" });
    for (const { pair } of this.pairs.values()) pair.reached();
  }

  private meet({ people, apart }: Roster): void {
    if (apart !== this.apart.value) {
      this.apart.set(apart);
      this.call.hold(apart);
    }
    for (const [id, { pair }] of this.pairs) {
      if (people.some((person) => person.id === id)) continue;
      this.pairs.delete(id);
      pair.close();
    }
    for (const person of people) {
      const known = this.pairs.get(person.id);
      if (known) known.person = person;
      else if (person.id !== this.o.own) this.join(person);
    }
    this.show();
  }

  private join(person: Person): void {
    const { id } = person;
    const pair = new Pair(
      this.call,
      this.o.own < id,
      (round, sdp) => this.o.describe(id, round, sdp),
      (passed) => this.call.tell(address("to", { who: id, passed })),
      this.o.sharp,
    );
    pair.hold(this.alone.value);
    this.pairs.set(id, { person, pair });
    this.leaves.push(
      pair.state.subscribe(() => {
        this.show();
      }),
    );
  }

  private show(): void {
    this.members.set(
      [...this.pairs.values()].map(({ person, pair }) => ({ person, pair: pair.state.value })),
    );
  }

  private attended(connected: boolean): void {
    clearTimeout(this.missing);
    if (connected) this.setAlone(false);
    else
      this.missing = setTimeout(() => {
        this.setAlone(true);
      }, aloneMs);
  }

  private setAlone(alone: boolean): void {
    this.alone.set(alone);
    for (const { pair } of this.pairs.values()) pair.hold(alone);
  }
}
