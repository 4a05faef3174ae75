import type { ApiError } from "../../api/client";
import type { LanguageTag, Me } from "../../api/types";
import type { DeskList } from "../desk";
import { at, localDay, localTime, nextStart } from "./days";

/** An appointment that is being written. Choices are kept only where they still fit; the rest follows the clock. */
export class Draft {
  name = $state("");
  email = $state("");
  phone = $state("");
  language = $state<LanguageTag>("de");
  team = $state("");
  typedDay = $state<string>();
  typedTime = $state<string>();
  chosenService = $state("");
  chosenAdvisor = $state<string>();
  refusal = $state.raw<ApiError>();
  busy = $state(false);
  booked = $state.raw<{ name: string; link?: string }>();

  readonly #clock: () => { day: string | undefined; now: number };

  readonly services = $derived.by(() => {
    const department = this.me.desks.find(({ id }) => id === this.team)?.departmentId;
    return this.me.services.filter(({ departmentId }) => departmentId === department);
  });
  readonly service = $derived(
    this.services.some(({ id }) => id === this.chosenService)
      ? this.chosenService
      : (this.services[0]?.id ?? ""),
  );
  readonly advisors = $derived.by(() => this.me.advisors.filter(({ desks }) => desks.includes(this.team)));
  /** Empty: anybody of the team. */
  readonly advisor = $derived.by(() => {
    const wanted = this.chosenAdvisor ?? this.me.id;
    return this.advisors.some(({ id }) => id === wanted) ? wanted : "";
  });
  readonly date = $derived.by(() => {
    const { day, now } = this.#clock();
    if (this.typedDay !== undefined) return this.typedDay;
    return day === undefined || day === localDay(now) ? localDay(nextStart(now)) : day;
  });
  readonly time = $derived.by(() => this.typedTime ?? localTime(nextStart(this.#clock().now)));

  constructor(
    private readonly me: Me,
    clock: () => { day: string | undefined; now: number },
  ) {
    this.#clock = clock;
    this.team = me.desks[0]?.id ?? "";
  }

  /** True once it is booked; else `refusal` says why not, and nothing typed is lost. */
  async book(desk: DeskList): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = this.booked = undefined;
    const { name, email, phone, advisor } = this;
    try {
      const { link } = await desk.book({
        desk: this.team,
        service: this.service,
        startsAt: at(this.date, this.time),
        ...(advisor === "" ? {} : { advisor }),
        citizen: { name, ...(email ? { email } : {}), ...(phone ? { phone } : {}) },
        language: this.language,
      });
      this.booked = { name, ...(link === undefined ? {} : { link }) };
      this.name = this.email = this.phone = "";
      this.typedDay = this.typedTime = undefined;
      return true;
    } catch (error) {
      this.refusal = error as ApiError;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
