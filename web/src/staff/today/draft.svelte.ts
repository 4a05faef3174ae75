import type { ApiError } from "../../api/client";
import type { LanguageTag, Me, Row } from "../../api/types";
import type { DeskList } from "../desk";
import { at, localDay, localTime } from "./days";
import { type Mistakes, mistakesOf } from "./mistakes";
import { nextFree } from "./team";

/** What the list shows beside the form. */
interface Surroundings {
  day: string | undefined;
  now: number;
  /** Of the office. */
  zone: string | undefined;
  rows: readonly Row[];
}

/** A language is chosen for one person, not for the next. */
const usual: LanguageTag = "de";

/** An appointment that is being written. Choices are kept only where they still fit; the rest follows the clock. */
export class Draft {
  name = $state("");
  email = $state("");
  phone = $state("");
  chosenLanguage = $state<LanguageTag>(usual);
  team = $state("");
  typedDay = $state<string>();
  typedTime = $state<string>();
  chosenService = $state("");
  chosenAdvisor = $state<string>();
  mistakes = $state.raw<Mistakes>();
  busy = $state(false);
  booked = $state.raw<{ id: string; startsAt: number; name: string; link?: string }>();
  /** Whoever has copied or read the link needs it here no more. */
  linkTaken = false;

  readonly #around: () => Surroundings;

  /** Teams that take new appointments. */
  readonly open = $derived.by(() => this.who().desks.filter(({ closed }) => !closed));
  readonly languages = $derived.by(
    () => this.who().desks.find(({ id }) => id === this.team)?.languages ?? [],
  );
  readonly language = $derived(
    this.languages.includes(this.chosenLanguage) ? this.chosenLanguage : (this.languages[0] ?? usual),
  );
  readonly services = $derived.by(() => {
    const department = this.who().desks.find(({ id }) => id === this.team)?.departmentId;
    return this.who().services.filter(({ departmentId }) => departmentId === department);
  });
  readonly service = $derived(
    this.services.some(({ id }) => id === this.chosenService)
      ? this.chosenService
      : (this.services[0]?.id ?? ""),
  );
  readonly advisors = $derived.by(() => this.who().advisors.filter(({ desks }) => desks.includes(this.team)));
  /** Empty: anybody of the team. */
  readonly advisor = $derived.by(() => {
    const wanted = this.chosenAdvisor ?? this.who().id;
    return this.advisors.some(({ id }) => id === wanted) ? wanted : "";
  });
  /** The first time at which the advisor is free, or somebody in the team. */
  private readonly start = $derived.by(() => {
    const { rows, now } = this.#around();
    const minutes = this.services.find(({ id }) => id === this.service)?.minutes ?? 0;
    const colleague = (id: string | undefined): boolean => this.advisors.some((other) => other.id === id);
    const taken = rows
      .filter((row) => row.status === "booked" && (row.desk === this.team || colleague(row.advisor?.id)))
      .map(({ advisor, startsAt, endsAt }) => ({
        advisor: colleague(advisor?.id) ? advisor?.id : undefined, // of who is gone, for anybody of the team
        startsAt,
        endsAt,
      }));
    return nextFree(
      now,
      minutes,
      { people: this.advisors.length, advisor: this.advisor || undefined },
      taken,
    );
  });
  readonly date = $derived.by(() => {
    const { day, now, zone } = this.#around();
    if (this.typedDay !== undefined) return this.typedDay;
    return day === undefined || day === localDay(now, zone) ? localDay(this.start, zone) : day;
  });
  readonly time = $derived.by(() => this.typedTime ?? localTime(this.start, this.#around().zone));

  constructor(
    private readonly who: () => Me,
    around: () => Surroundings,
  ) {
    this.#around = around;
    this.team = (this.open[0] ?? who().desks[0])?.id ?? "";
  }

  /** The next booking begins: what is said of the last one goes, unless its link would be lost. */
  write(name: string): void {
    this.name = name;
    if (name !== "") this.past();
  }

  /** Something has been done since: the link stays until somebody has it, or the very appointment has changed. */
  past(changed?: string): void {
    const { booked } = this;
    if (this.linkTaken || booked?.link === undefined || booked.id === changed) this.booked = undefined;
  }

  /** Cancelled or moved, by whomever. */
  outdated(rows: readonly Row[]): boolean {
    const row = rows.find(({ id }) => id === this.booked?.id);
    return row !== undefined && (row.status !== "booked" || row.startsAt !== this.booked?.startsAt);
  }

  /** True once it is booked; else `mistakes` say why not, and nothing typed is lost. */
  async book(desk: DeskList): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.mistakes = this.booked = undefined;
    this.linkTaken = false;
    const { name, email, phone, advisor, date, time } = this;
    const startsAt = at(date, time, this.#around().zone);
    try {
      const { id, link } = await desk.book({
        desk: this.team,
        service: this.service,
        startsAt: Number.isNaN(startsAt) ? 0 : startsAt, // refused, with all else that is wrong
        ...(advisor === "" ? {} : { advisor }),
        citizen: { name, ...(email ? { email } : {}), ...(phone ? { phone } : {}) },
        language: this.language,
      });
      this.booked = { id, startsAt, name, ...(link === undefined ? {} : { link }) };
      this.name = this.email = this.phone = "";
      this.chosenLanguage = usual;
      this.typedDay = this.typedTime = undefined;
      return true;
    } catch (error) {
      this.mistakes = mistakesOf(error as ApiError, { date, time });
      return false;
    } finally {
      this.busy = false;
    }
  }
}
