import { api, ApiError, asApiError, type ErrorParams } from "../api/client";
import {
  admitOnDevice,
  endTalk,
  moveToDevice,
  type PairedDevice,
  sendBack,
  unpairDevice,
} from "../api/device";
import { openStream, type Stream, type StreamState } from "../api/stream";
import type {
  Booked,
  Declined,
  LanguageTag,
  Late,
  Outcome,
  Row,
  RowMessage,
  Task,
  Transfer,
} from "../api/types";
import { playChime } from "../call/sound";
import { Store, type Unsubscribe } from "../call/store";
import type { Session } from "./session";
import { openTalkWindow, WindowChannel, type WindowMessage, type Wish } from "./window";

interface Refusal {
  readonly error: ApiError;
  /** Whom it is about. */
  readonly seat?: string | undefined;
}

export interface DeskState {
  /** YYYY-MM-DD; the server's present day when undefined. */
  readonly day?: string;
  readonly rows: readonly Row[];
  readonly tasks: readonly Task[];
  readonly late: readonly Late[];
  /** Talks that this person is asked to go on with, whatever the day is. */
  readonly transfers: readonly Transfer[];
  /** There are more of them than these. */
  readonly moreRows: boolean;
  readonly moreTasks: boolean;
  /** The one team whose day is shown, beside all who wait or talk; of all teams when undefined. */
  readonly only?: string;
  /** The first snapshot has come. */
  readonly known: boolean;
  readonly stream: StreamState;
  readonly streamSince: number;
  /** Server's clock minus the device's. */
  readonly offset: number;
  /** The seat that is being called in, or whose talk is being taken over. */
  readonly admitting?: string;
  readonly refusal?: Refusal;
  /** The talk that runs in this browser's talk window. */
  readonly talk?: string;
  /** Paired with this session: talks begin there. */
  readonly device?: PairedDevice;
}

interface Snapshot {
  day: string;
  rows: Row[];
  tasks: Task[];
  moreRows?: boolean;
  moreTasks?: boolean;
  late: Late[];
  transfers?: Transfer[];
  device?: PairedDevice;
  now: number;
}

/** What is to be said of a row that has changed. */
export type Heard = "arrived" | "left" | "called-off" | "answered" | "handed" | "until" | "passed";

type Change = { [Key in keyof DeskState]?: DeskState[Key] | undefined };

export interface Booking {
  desk: string;
  service: string;
  startsAt: number;
  advisor?: string;
  citizen: { name: string; email?: string; phone?: string };
  language: LanguageTag;
}

const admitMs = 20_000;
/** The list and the talk's window share one thread of the browser, and the talk's has better to do with it. */
const stillMs = 300;

/** The list of one day: a picture of the server's stream, and what can be done from it. */
export class DeskList {
  private readonly store = new Store<DeskState>({
    rows: [],
    tasks: [],
    late: [],
    transfers: [],
    moreRows: false,
    moreTasks: false,
    known: false,
    stream: "connecting",
    streamSince: 0,
    offset: 0,
  });
  private stream: Stream | undefined;
  /** The day that was asked for; undefined: whichever is the present one. */
  private asked: string | undefined;
  private over = false;
  private readonly channel = new WindowChannel((message) => {
    this.hearWindow(message);
  });
  private windowOpen = false;
  private wish: Wish | undefined;
  /** What is called off from this page, which says so itself. */
  private readonly callingOff = new Set<string>();
  private admitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly session: Session,
    private readonly heard: (what: Heard, row: Row) => void,
  ) {
    this.show(undefined);
    this.channel.send({ t: "who" });
  }

  get state(): DeskState {
    return this.store.value;
  }

  subscribe(listener: (state: DeskState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  show(day: string | undefined): void {
    this.stream?.close();
    this.asked = day;
    this.set({ day, known: false, refusal: undefined });
    const wanted = new URLSearchParams();
    if (day !== undefined) wanted.set("day", day);
    if (this.state.only !== undefined) wanted.set("desk", this.state.only);
    this.stream = openStream(`/api/staff/stream${wanted.size > 0 ? `?${wanted}` : ""}`, {
      onEvent: (name, data) => {
        this.hear(name, data);
      },
      onState: (stream, streamSince) => {
        this.set({ stream, streamSince });
      },
      onRefused: (error) => {
        if (error.status === 401) this.session.lost();
      },
    });
  }

  /** The same day of one team, or of all. */
  narrow(only: string | undefined): void {
    this.set({ only });
    this.show(this.asked);
  }

  close(): void {
    this.over = true;
    this.stream?.close();
    this.channel.close();
    clearTimeout(this.admitTimer);
  }

  /** Lets a waiting person in; the talk's window does it, so that its connection is ready first, or the paired device. */
  admit(seat: string): void {
    if (this.state.device) void this.admitThere(seat);
    else this.call({ t: "admit", seat });
  }

  private async admitThere(seat: string): Promise<void> {
    if (this.state.admitting !== undefined) return;
    if (this.windowOpen && this.state.talk !== undefined) {
      this.refuse("talk.busy", seat);
      return;
    }
    this.set({ admitting: seat, refusal: undefined });
    try {
      await admitOnDevice(seat);
      this.set({ admitting: undefined });
    } catch (error) {
      const { status, code, params } = asApiError(error);
      if (status === 401) this.session.lost();
      this.refuse(code, seat, params);
    }
  }

  /** A talk that runs on the paired device is led from here. */
  end(talk: string, outcome: Outcome): Promise<unknown> {
    return this.told(endTalk(talk, outcome));
  }

  /** From the talk's window to the paired device. */
  async toDevice(talk: string): Promise<void> {
    await this.told(moveToDevice(talk)).catch((error: unknown) => {
      const { code, params } = asApiError(error);
      this.refuse(code, this.state.rows.find((row) => row.talk?.id === talk)?.seat.id, params);
    });
  }

  sendBack(talk: string): Promise<unknown> {
    return this.told(sendBack(talk));
  }

  async unpair(id: string): Promise<void> {
    await this.told(unpairDevice(id)).catch((error: unknown) => {
      if (asApiError(error).status !== 404) throw error; // it is none any more
    });
  }

  /** A colleague's talk, once the person has said yes to that. */
  takeOver(seat: string, talk: string): void {
    this.call({ t: "takeover", seat, talk });
  }

  /** A talk that this person has accepted. */
  enter({ seat, talk, at }: Transfer): void {
    this.call({ t: "enter", seat, talk, at });
  }

  accept({ talk, at }: Transfer): Promise<unknown> {
    return this.told(api.post(`/api/staff/talks/${talk}/transfer/accept`, { at }));
  }

  decline({ talk, at }: Transfer, why: Declined): Promise<unknown> {
    return this.told(api.post(`/api/staff/talks/${talk}/transfer/decline`, { at, why }));
  }

  dismissRefusal(): void {
    this.set({ refusal: undefined });
  }

  private call(wish: Wish): void {
    if (this.state.admitting !== undefined) return;
    const { seat } = wish;
    if (this.windowOpen && this.state.talk !== undefined) {
      this.refuse("talk.busy", seat);
      return;
    }
    this.wish = wish;
    this.set({ admitting: seat, refusal: undefined });
    this.store.keepStill(stillMs);
    clearTimeout(this.admitTimer);
    this.admitTimer = setTimeout(() => {
      this.admitLate(seat);
    }, admitMs);
    if (this.windowOpen) this.channel.send(wish);
    if (!openTalkWindow("/staff/talk/ready", this.windowOpen)) this.refuse("talk.blocked", seat);
  }

  private refuse(code: string, seat: string | undefined, params: ErrorParams = {}): void {
    this.set({ admitting: undefined, refusal: { seat, error: new ApiError(0, code, params) } });
  }

  /** Nothing has come of it in good time: the window does not answer, or has not appeared at all. */
  private admitLate(seat: string): void {
    if (this.state.admitting !== seat) return;
    const from = this.wish?.t === "takeover" ? "talking" : "waiting";
    const open =
      this.state.rows.some((row) => row.seat.id === seat && row.seat.state === from) ||
      this.state.transfers.some((asked) => asked.seat === seat);
    if (open) this.refuse(this.windowOpen ? "talk.slow" : "talk.silent", seat);
    else this.set({ admitting: undefined, refusal: undefined });
  }

  rejoin(talk: string): void {
    this.dismissRefusal();
    const seat = this.state.rows.find((row) => row.talk?.id === talk)?.seat.id;
    const here = this.windowOpen && this.state.talk === talk;
    if (this.windowOpen && this.state.talk !== undefined && !here) this.refuse("talk.busy", seat);
    else if (!openTalkWindow(`/staff/talk/${talk}`, here)) this.refuse("talk.blocked", seat);
  }

  async book(booking: Booking): Promise<Booked> {
    try {
      return await this.told(api.post<Booked>("/api/staff/appointments", booking));
    } catch (error) {
      // What is shown of the teams was read when the page came.
      if (asApiError(error).code === "appointment.desk_closed") await this.session.renew();
      throw error;
    }
  }

  async link({ id }: Row): Promise<string> {
    return (await this.told(api.get<{ link: string }>(`/api/staff/appointments/${id}/link`))).link;
  }

  move(row: Row, startsAt: number): Promise<Booked> {
    return this.told(this.change(row, "move", { startsAt }));
  }

  async cancel(row: Row): Promise<Booked> {
    this.callingOff.add(row.id);
    try {
      return await this.told(this.change(row, "cancel", {}));
    } catch (error) {
      this.callingOff.delete(row.id);
      throw error;
    }
  }

  outcome(row: Row, outcome: Outcome): Promise<Booked> {
    return this.told(this.change(row, "outcome", { outcome }));
  }

  hand(row: Row, advisor: string, note: string): Promise<Booked> {
    return this.told(this.change(row, "hand", { advisor, note }));
  }

  message(row: Row, text: string): Promise<unknown> {
    return this.told(api.post(`/api/staff/seats/${row.seat.id}/message`, { text }));
  }

  /** In all; 0 takes it back. Without an advisor it is about everybody at the desk. */
  runLate(desk: string, advisor: string | undefined, minutes: number): Promise<unknown> {
    return this.told(api.post(`/api/staff/desks/${desk}/late`, { advisor, minutes }));
  }

  /** This person comes to help. */
  help(talk: string): Promise<unknown> {
    return this.told(api.post(`/api/staff/talks/${talk}/alarm/answer`));
  }

  finish(task: Task): Promise<Task> {
    return this.told(api.post<Task>(`/api/staff/tasks/${task.id}/done`));
  }

  private change(row: Row, action: string, body: object): Promise<Booked> {
    return api.post<Booked>(`/api/staff/appointments/${row.id}/${action}`, { version: row.version, ...body });
  }

  private async told<T>(answer: Promise<T>): Promise<T> {
    this.dismissRefusal();
    try {
      return await answer;
    } catch (error) {
      const refusal = asApiError(error);
      if (refusal.status === 401) this.session.lost();
      throw refusal;
    }
  }

  private hear(name: string, data: unknown): void {
    switch (name) {
      case "snapshot": {
        const shown = data as Snapshot;
        const { day, rows, tasks, late, transfers = [], device, now } = shown;
        const { moreRows = false, moreTasks = false } = shown;
        // Also of a new day, which begins by itself.
        if (this.state.known) for (const row of rows) this.greet(row);
        const more = { moreRows, moreTasks, device };
        this.list(rows, { day, tasks, late, transfers, ...more, known: true, offset: now - Date.now() });
        break;
      }
      case "row":
        this.greet(data as Row);
        this.take(data as Row);
        break;
      case "row-gone":
        this.list(this.state.rows.filter((row) => row.id !== (data as { id: string }).id));
        break;
      case "task":
        this.takeTask(data as Task);
        break;
      case "task-gone":
        this.set({ tasks: this.state.tasks.filter(({ id }) => id !== (data as { id: string }).id) });
        break;
      case "late":
        this.set({ late: data as Late[] });
        break;
      case "transfers":
        this.set({ transfers: data as Transfer[] });
        break;
      case "bye":
        if ((data as { reason: string }).reason === "rights") void this.reopen();
        else this.session.lost();
        break;
      default:
    }
  }

  private take(row: Row): void {
    const others = this.state.rows.filter(({ id }) => id !== row.id);
    const present = row.seat.state === "waiting" || row.seat.state === "talking";
    this.list(present || this.shows(row) ? [...others, row] : others);
  }

  /** It is of the team whose day is shown. */
  private shows({ desk }: { desk: string }): boolean {
    return this.state.only === undefined || this.state.only === desk;
  }

  /** The person works elsewhere or in another role than before: other desks, other buttons. */
  private async reopen(): Promise<void> {
    await this.session.renew();
    if (this.over) return;
    // Perhaps no longer at the team whose day was shown.
    this.narrow(undefined);
  }

  /** What was refused about somebody is no news once nothing can be done about them any more. */
  private list(rows: readonly Row[], more: Change = {}): void {
    const { refusal } = this.state;
    const state = rows.find(({ seat }) => seat.id === refusal?.seat)?.seat.state ?? "closed";
    const left = state === "expected" && refusal?.error.code === "seat.admitted";
    const over = refusal?.seat !== undefined && (left || state === "closed");
    this.set({ ...more, rows, ...(over ? { refusal: undefined } : {}) });
  }

  private takeTask(task: Task): void {
    const open = task.doneAt === undefined && this.shows(task);
    // A guest who asks again, perhaps with another number, replaces what was asked before.
    const replaces = (other: Task): boolean =>
      other.id === task.id || (open && other.appointment === task.appointment && other.kind === task.kind);
    const others = this.state.tasks.filter((other) => !replaces(other));
    this.set({ tasks: open ? [...others, task] : others });
  }

  /**
   * Somebody who was not waiting before waits now, has left a talk that has no outcome yet, or will not come: the guest,
   * or a colleague, has called it off.
   */
  private greet(row: Row): void {
    const before = this.state.rows.find((other) => other.id === row.id);
    if (row.seat.state === "expected" && before?.seat.state === "talking") this.heard("left", row);
    const off = before?.status === "booked" && row.status === "cancelled";
    // Of what was called off here nobody is told: then it is done with.
    const own = off && this.callingOff.delete(row.id);
    if (off && before.seat.state !== "talking" && !own) this.heard("called-off", row);
    if (before && answersOf(row.seat).length > answersOf(before.seat).length) {
      void playChime().catch(() => undefined);
      this.heard("answered", row);
    }
    if (before && row.seat.state === "waiting" && before.seat.state === "waiting")
      if (row.seat.stayUntil !== before.seat.stayUntil) this.heard("until", row);
    if (before && row.status === "booked" && isFor(row, this.session.state.me?.id, before))
      this.heard("handed", row);
    if (row.seat.passed && before && !before.seat.passed) {
      void playChime().catch(() => undefined);
      this.heard("passed", row);
    }
    if (row.seat.state !== "waiting" || before?.seat.state === "waiting" || before?.seat.state === "talking")
      return;
    void playChime().catch(() => undefined);
    this.heard("arrived", row);
  }

  private hearWindow(message: WindowMessage): void {
    switch (message.t) {
      case "here":
        this.windowOpen = true;
        this.set({ talk: message.talk });
        if (message.talk !== undefined) this.set({ admitting: undefined, refusal: undefined });
        // The window that was opened for somebody has loaded, and waits to hear for whom.
        else if (this.state.admitting !== undefined && this.wish) this.channel.send(this.wish);
        break;
      case "gone":
        this.windowOpen = false;
        this.set({ talk: undefined });
        break;
      case "refused":
        if (message.seat === this.state.admitting) this.refuse(message.code, message.seat, message.params);
        break;
      case "admit":
      case "takeover":
      case "enter":
      case "who":
        break; // For the talk's window.
      case "signed-in":
      case "signed-out":
        break; // For the session.
    }
  }

  private set(change: Change): void {
    this.store.set({ ...this.state, ...change });
  }
}

/** Somebody else has given it to this person. */
function isFor(row: Row, me: string | undefined, before: Row): boolean {
  return row.advisor?.id === me && before.advisor?.id !== me && row.handed?.by.id !== me;
}

/** What somebody who waits has answered, the newest last. */
export function answersOf(seat: Row["seat"] | undefined): RowMessage[] {
  const answered = (seat?.messages ?? []).filter(({ answeredAt }) => answeredAt !== undefined);
  return answered.sort((a, b) => (a.answeredAt ?? 0) - (b.answeredAt ?? 0));
}
