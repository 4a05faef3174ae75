import { api, type ApiError, asApiError } from "../../../api/client";
import { openStream, type Stream } from "../../../api/stream";
import type { Admitted, CompanyGuest, Detour, Signal, TalkView } from "../../../api/types";
import { branchOf } from "../../../call/branch";
import { Call } from "../../../call/call";
import type { Added } from "../../../call/channel";
import type { CallState } from "../../../call/state";
import { Store, type Unsubscribe } from "../../../call/store";
import { heldBefore } from "../../../talk/hold/before";
import { isOn } from "../../../talk/features";
import type { Circle } from "../../../talk/circle";
import { Passes } from "../../../talk/passes";
import { Written } from "./written";
import { address, addressedOf, type Person } from "../../../talk/company/wire";

/** One of the citizen's company with whom this page is connected. */
export interface Line {
  readonly talk: string;
  readonly seat: string;
  readonly call: Call;
  readonly state: CallState;
  /** Asked out for a moment: the others go on without. */
  readonly apart: boolean;
  /** Silent on their device, as they sit beside somebody else of the talk. */
  readonly room: boolean;
}

interface Held {
  readonly call: Call;
  readonly seat: string;
  /** How many devices of theirs were let in one after the other. */
  letIn: number;
  stream: Stream | undefined;
  apart: boolean;
  readonly leaves: Unsubscribe[];
}

/** Where a page that is loaded anew finds who was asked out: kept with the page's place in the history. */
type Kept = { apart?: unknown } | null;

/**
 * The talk with several, on the page of who leads it: a call with each, beside the citizen's. It tells the guests' pages of
 * each other and passes their descriptions on; what they say to each other goes from one to the other.
 */
export class Party {
  readonly lines = new Store<readonly Line[]>([]);
  readonly refusal = new Store<ApiError | undefined>(undefined);
  readonly busy = new Store(false);
  /** What a line says as `room`, of the citizen. */
  readonly room = new Store(false);
  private readonly rooms = new Set<string>();
  private readonly held = new Map<string, Held>();
  /** By talk: also of one that is loaded anew. */
  private readonly passes = new Map<string, Passes>();
  private readonly leaves: Unsubscribe[];
  private readonly written: Written;
  private halted = false;
  private people: readonly CompanyGuest[] = [];
  private closed = false;

  constructor(
    private readonly main: Call,
    private readonly agency: string,
    private view: TalkView,
    private readonly circle: Circle,
  ) {
    const citizen = { talk: view.id, name: view.appointment.citizen.name, call: main, apart: false };
    this.written = new Written(citizen, circle.chat, () => isOn(this.view, "chat"));
    this.leaves = [
      main.attend({
        heard: (message) => {
          this.hear(this.view.id, main, message);
        },
        opened: () => {
          this.tellAll();
        },
      }),
      main.subscribe(({ local }) => {
        if (local.held === this.halted) return;
        this.halted = local.held;
        for (const { call } of this.held.values()) this.tellHalt(call);
      }),
    ];
    this.update(view);
  }

  /** As the server has it now. */
  update(view: TalkView): void {
    this.view = view;
    this.people = view.company ?? [];
    for (const { seat, talk } of this.people)
      if (talk && !this.held.has(talk.id)) void this.rejoin(seat, talk.id);
    for (const [talk, line] of this.held)
      if (!this.people.some((one) => one.talk?.id === talk)) {
        this.held.delete(talk);
        this.rooms.delete(talk);
        end(line);
      }
    this.show();
  }

  async bringIn(seat: string): Promise<void> {
    await this.guarded(async () => {
      const { talk, signals } = await api.post<Admitted>(`/api/staff/talks/${this.view.id}/company/${seat}`);
      this.begin(seat, talk.id, signals);
    });
  }

  async sendBack(talk: string): Promise<void> {
    await this.guarded(() => api.post(`/api/staff/talks/${talk}/sendback`));
  }

  /** The seat is given up, and its link dead. */
  async dismiss(seat: string): Promise<void> {
    await this.guarded(() => api.post(`/api/staff/seats/${seat}/withdraw`));
  }

  async answerTakeover(talk: string, ask: string, allow: boolean): Promise<void> {
    await this.guarded(async () => {
      await api.post(`/api/staff/talks/${talk}/takeover`, { ask, allow });
      const line = this.held.get(talk);
      if (allow && line) line.letIn++;
    });
  }

  /** Asks somebody out for a moment, or back in: the others and they do not hear or see each other meanwhile. */
  setApart(talk: string, apart: boolean): void {
    const line = this.held.get(talk);
    if (!line) return;
    line.apart = apart;
    line.call.hold(apart);
    this.keep();
    this.tellAll();
    this.show();
  }

  close(): void {
    this.closed = true;
    for (const leave of this.leaves) leave();
    for (const line of this.held.values()) end(line);
    this.held.clear();
    this.written.close();
    this.circle.members.set([]);
  }

  private async rejoin(seat: string, talk: string): Promise<void> {
    const line = this.line(seat, talk); // at once: the view may come again before the answer
    try {
      const { signals } = await api.post<Admitted>(`/api/staff/talks/${talk}/join`);
      this.take(line, talk, signals);
    } catch (error) {
      this.refusal.set(asApiError(error));
      if (this.held.get(talk) === line) this.held.delete(talk); // the next view tries again
      end(line);
    }
  }

  private begin(seat: string, talk: string, signals: readonly Signal[]): void {
    if (this.held.has(talk) || this.closed) return;
    this.take(this.line(seat, talk), talk, signals);
  }

  private line(seat: string, talk: string): Held {
    const path = `/api/staff/talks/${talk}`;
    const call = new Call({
      side: "staff",
      agency: this.agency,
      seat: () => seat,
      media: branchOf(this.main),
      send: (message, signal) => api.post(`${path}/signal`, message, { signal }),
      detour: async () => (await api.post<Detour>(`${path}/detour`)).iceServers,
      detouring: this.main.detours,
      other: () => `${seat} ${this.held.get(talk)?.letIn}`,
    });
    const apart = this.keptApart(talk);
    const line: Held = { call, seat, letIn: 0, stream: undefined, apart, leaves: [] };
    this.held.set(talk, line);
    call.hold(line.apart);
    line.leaves.push(
      call.subscribe(() => {
        this.show();
      }),
      call.attend({
        heard: (message) => {
          this.hear(talk, call, message);
        },
        opened: () => {
          this.tellHalt(call);
          this.tellAll();
        },
      }),
    );
    return line;
  }

  private take(line: Held, talk: string, signals: readonly Signal[]): void {
    if (this.closed || this.held.get(talk) !== line) return;
    for (const signal of signals) void line.call.handle(signal).catch(() => undefined);
    line.stream = openStream(`/api/staff/talks/${talk}/stream`, {
      onEvent: (name, data) => {
        const list =
          name === "signal"
            ? [data as Signal]
            : name === "snapshot"
              ? (data as { signals: Signal[] }).signals
              : [];
        for (const signal of list) void line.call.handle(signal).catch(() => undefined);
      },
      onState: () => undefined,
    });
    this.show();
  }

  /** What one of the guests' pages says: who else is here, or a description for one of them. */
  private hear(from: string, call: Call, message: Added): void {
    if (message.t === "hold?" && call !== this.main) this.tellHalt(call);
    if (message.t !== "company") return;
    if (message.do === "who") this.tell(from, call);
    if (message.do === "room" && this.passesOf(from).take()) this.sits(from, message.same === true);
    const addressed = addressedOf(message, "to");
    if (!addressed || this.isApart(from) || this.isApart(addressed.who)) return;
    if (!this.passesOf(from).take()) return;
    this.callOf(addressed.who)?.tell(address("from", { who: from, passed: addressed.passed }));
  }

  private passesOf(talk: string): Passes {
    const passes = this.passes.get(talk) ?? new Passes();
    this.passes.set(talk, passes);
    return passes;
  }

  private sits(talk: string, room: boolean): void {
    if (room) this.rooms.add(talk);
    else this.rooms.delete(talk);
    this.room.set(this.rooms.has(this.view.id));
    this.show();
  }

  private isApart(talk: string): boolean {
    return this.held.get(talk)?.apart ?? false;
  }

  private callOf(talk: string): Call | undefined {
    return talk === this.view.id ? this.main : this.held.get(talk)?.call;
  }

  private tellHalt(call: Call): void {
    call.tell({ t: "hold", ...(this.halted ? { why: heldBefore() ?? "break" } : {}) });
  }

  private tellAll(): void {
    this.tell(this.view.id, this.main);
    for (const [talk, { call }] of this.held) this.tell(talk, call);
  }

  private tell(to: string, call: Call): void {
    const apart = this.isApart(to);
    const people = apart ? [] : this.present().filter(({ id }) => id !== to);
    call.tell({ t: "company", do: "here", people, apart });
  }

  private present(): Person[] {
    const { name } = this.view.appointment.citizen;
    const here: Person[] = [{ id: this.view.id, name, role: "citizen" }];
    for (const { name, role, talk } of this.people)
      if (talk?.enteredAt !== undefined && !this.isApart(talk.id)) here.push({ id: talk.id, name, role });
    return here.map((person) => (this.rooms.has(person.id) ? { ...person, room: true } : person));
  }

  private told = "";
  private show(): void {
    this.lines.set(
      [...this.held].map(([talk, { seat, call, apart }]) => ({
        talk,
        seat,
        call,
        apart,
        room: this.rooms.has(talk),
        state: call.state,
      })),
    );
    this.meet();
    const told = JSON.stringify(this.present());
    if (told === this.told) return;
    this.told = told;
    this.tellAll();
  }

  /** Whom what is written here goes to; told only when that changes. */
  private meet(): void {
    const before = this.circle.members.value;
    const now = [...this.held].map(([talk, { call, seat, apart }]) => {
      const name = this.people.find((one) => one.seat === seat)?.name ?? "";
      const known = before.find((one) => one.call === call && one.apart === apart && one.name === name);
      return known ?? { talk, name, call, apart };
    });
    if (now.length === before.length && now.every((one, index) => one === before[index])) return;
    this.written.update(now);
    this.circle.members.set(now);
  }

  private keptApart(talk: string): boolean {
    const { apart } = (history.state as Kept) ?? {};
    return Array.isArray(apart) && apart.includes(talk);
  }

  private keep(): void {
    const apart = [...this.held].filter(([, line]) => line.apart).map(([talk]) => talk);
    history.replaceState({ ...(history.state as Kept), apart }, "");
  }

  private async guarded(action: () => Promise<unknown>): Promise<void> {
    if (this.busy.value) return;
    this.busy.set(true);
    this.refusal.set(undefined);
    try {
      await action();
    } catch (error) {
      this.refusal.set(asApiError(error));
    } finally {
      this.busy.set(false);
    }
  }
}

function end(line: Held): void {
  for (const leave of line.leaves) leave();
  line.stream?.close();
  line.call.close();
}
