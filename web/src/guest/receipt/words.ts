import type { GuestKey } from "../../i18n/guest";
import type { Language } from "../../i18n/languages";
import { knownZone } from "../../i18n/times";
import type { Params } from "../../i18n/format";
import type { Period, Statement } from "./reading";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export type Say = (key: GuestKey, params?: Params) => string;

const outcomes = ["held", "phone", "technical", "noshow", "cancelled"] as const;

/** What it comes to, in one sentence: by what is recorded, never by what is not. */
export function summaryOf({ talked, waited, opened, failed, outcome }: Statement): GuestKey {
  const technical = outcome === "technical";
  if (talked) return technical ? "receipt.summary.talked.technical" : "receipt.summary.talked";
  if (waited) return technical ? "receipt.summary.waited.technical" : "receipt.summary.waited";
  return opened !== undefined || failed !== undefined ? "receipt.summary.tried" : "receipt.summary.nothing";
}

/** Nothing but what was signed, each with its word, by the clocks of the office. */
export function factsOf(statement: Statement, say: Say, language: Language): Fact[] {
  const { waited = [], talked = [], lost, opened, failed, outcome } = statement;
  const clock = new OfficeClock(statement, language, say);
  const known = outcomes.find((one) => one === outcome);
  const fact = (key: GuestKey, value: string | undefined): Fact[] =>
    value === undefined ? [] : [{ label: say(key), value }];
  const moment = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : say("receipt.at", { at: clock.moment(at) });
  return [
    ...fact("receipt.agency", statement.name),
    ...fact("receipt.number", inFours(statement.number)),
    ...fact(
      statement.moved ? "receipt.agreed.moved" : "receipt.agreed",
      clock.period([statement.starts, statement.ends], true),
    ),
    ...fact("receipt.waited", waited.map((one) => clock.period(one)).join("\n") || undefined),
    ...fact("receipt.talked", talked.map((one) => clock.period(one)).join("\n") || undefined),
    ...fact("receipt.lost", moment(lost)),
    ...fact("receipt.opened", moment(opened)),
    ...fact("receipt.failed", moment(failed)),
    ...fact("receipt.outcome", say(known ? `receipt.outcome.${known}` : "receipt.outcome.none")),
    ...fact("receipt.issued", say("receipt.at", { at: clock.moment(statement.issued, true) })),
    ...fact("receipt.zone", clock.zoneText),
  ];
}

/** The same, to be kept as a file that every device opens. */
export function fileOf(statement: Statement, say: Say, language: Language, address: string): string {
  const facts = factsOf(statement, say, language).map(
    ({ label, value }) => `${label}: ${value.split("\n").join("; ")}`,
  );
  return [
    say("receipt.title"),
    "",
    say(summaryOf(statement)),
    "",
    ...facts,
    "",
    say("receipt.not.title"),
    ...notSaid.map((key) => `- ${say(key)}`),
    "",
    say("receipt.file.check"),
    address,
    "",
  ].join("\r\n");
}

export const notSaid = [
  "receipt.not.done",
  "receipt.not.what",
  "receipt.not.open",
  "receipt.not.who",
  "receipt.not.between",
] as const satisfies readonly GuestKey[];

export function inFours(text: string): string {
  return text.replace(/(.{4})(?=.)/g, "$1 ");
}

/** Tells times as the office does, and says how far its clocks are from UTC: at each time, where that is not one answer. */
class OfficeClock {
  private readonly zone: string;
  private readonly locale: string;
  private readonly changes: boolean;

  constructor(
    private readonly statement: Statement,
    language: Language,
    private readonly say: Say,
  ) {
    this.zone = knownZone(statement.zone) ?? "UTC";
    this.locale = language === "en" ? "en-GB" : language;
    const { issued, starts, ends, waited = [], talked = [], lost, opened, failed } = statement;
    const all = [issued, starts, ends, ...waited.flat(), ...talked.flat(), lost, opened, failed];
    this.changes = new Set(all.filter((at) => at !== undefined).map((at) => this.offset(at))).size > 1;
  }

  get zoneText(): string {
    return this.changes ? this.zone : `${this.zone} (${this.offset(this.statement.starts)})`;
  }

  moment(at: number, withDay = this.day(at) !== this.day(this.statement.starts)): string {
    return withDay ? `${this.day(at)}, ${this.time(at)}` : this.time(at);
  }

  /** The day only where it is not that of the appointment. */
  period([from, until]: Period, withDay?: boolean): string {
    return this.say("receipt.period", {
      from: this.moment(from, withDay),
      until: this.moment(until, this.day(until) !== this.day(from)),
    });
  }

  private day(at: number): string {
    return this.format(at, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  }

  private time(at: number): string {
    const time = this.format(at, { timeStyle: "short" });
    return this.changes ? `${time} (${this.offset(at)})` : time;
  }

  /** "UTC+01:00" */
  private offset(at: number): string {
    const parts = new Intl.DateTimeFormat("en", { timeZone: this.zone, timeZoneName: "longOffset" });
    const name = parts.formatToParts(at * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
    return name.replace("GMT", "UTC");
  }

  private format(at: number, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(this.locale, { timeZone: this.zone, ...options }).format(at * 1000);
  }
}
