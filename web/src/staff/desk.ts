import { api, ApiError, asApiError } from "../api/client";
import { openStream, type Stream, type StreamState } from "../api/stream";
import type { Booked, LanguageTag, Outcome, Row, Task } from "../api/types";
import { playChime } from "../call/sound";
import { Store, type Unsubscribe } from "../call/store";
import { lacksOutcome } from "./outcomes";
import type { Session } from "./session";
import { openTalkWindow, WindowChannel, type WindowMessage } from "./window";

export interface DeskState {
  /** YYYY-MM-DD; the server's present day when undefined. */
  readonly day?: string;
  readonly rows: readonly Row[];
  readonly tasks: readonly Task[];
  /** The first snapshot has come. */
  readonly known: boolean;
  readonly stream: StreamState;
  readonly streamSince: number;
  /** Server's clock minus the device's. */
  readonly offset: number;
  /** The seat that is being called in. */
  readonly admitting?: string;
  readonly refusal?: ApiError;
  /** The talk that runs in this browser's talk window. */
  readonly talk?: string;
}

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
    known: false,
    stream: "connecting",
    streamSince: 0,
    offset: 0,
  });
  private stream: Stream | undefined;
  private readonly channel = new WindowChannel((message) => {
    this.hearWindow(message);
  });
  private windowOpen = false;
  /** What is called off from this page, which says so itself. */
  private readonly callingOff = new Set<string>();
  private admitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly session: Session,
    private readonly heard: (what: "arrived" | "left" | "called-off", row: Row) => void,
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
    this.set({ day, known: false });
    this.stream = openStream(`/api/staff/stream${day === undefined ? "" : `?day=${day}`}`, {
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

  close(): void {
    this.stream?.close();
    this.channel.close();
    clearTimeout(this.admitTimer);
  }

  /** Lets a waiting person in; the talk's window does it, so that its connection is ready first. */
  admit(seat: string): void {
    if (this.state.admitting !== undefined) return;
    if (this.windowOpen && this.state.talk !== undefined) {
      this.set({ refusal: new ApiError(0, "talk.busy") });
      return;
    }
    this.set({ admitting: seat, refusal: undefined });
    this.store.keepStill(stillMs);
    clearTimeout(this.admitTimer);
    this.admitTimer = setTimeout(() => {
      this.admitLate(seat);
    }, admitMs);
    if (this.windowOpen) this.channel.send({ t: "admit", seat });
    if (!openTalkWindow("/staff/talk/ready", this.windowOpen)) {
      this.set({ admitting: undefined, refusal: new ApiError(0, "talk.blocked") });
    }
  }

  /** Nothing has come of it in good time: the window does not answer, or has not appeared at all. */
  private admitLate(seat: string): void {
    if (this.state.admitting !== seat) return;
    const waits = this.state.rows.some((row) => row.seat.id === seat && row.seat.state === "waiting");
    const code = this.windowOpen ? "talk.slow" : "talk.silent";
    this.set({ admitting: undefined, refusal: waits ? new ApiError(0, code) : undefined });
  }

  rejoin(talk: string): void {
    if (this.windowOpen && this.state.talk !== undefined && this.state.talk !== talk) {
      this.set({ refusal: new ApiError(0, "talk.busy") });
      return;
    }
    const path = `/staff/talk/${talk}`;
    if (!openTalkWindow(path, this.windowOpen && this.state.talk === talk)) {
      this.set({ refusal: new ApiError(0, "talk.blocked") });
    }
  }

  book(booking: Booking): Promise<Booked> {
    return this.told(api.post<Booked>("/api/staff/appointments", booking));
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

  finish(task: Task): Promise<Task> {
    return this.told(api.post<Task>(`/api/staff/tasks/${task.id}/done`));
  }

  private change(row: Row, action: string, body: object): Promise<Booked> {
    return api.post<Booked>(`/api/staff/appointments/${row.id}/${action}`, { version: row.version, ...body });
  }

  private async told<T>(answer: Promise<T>): Promise<T> {
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
        const { day, rows, tasks, now } = data as { day: string; rows: Row[]; tasks: Task[]; now: number };
        // Also of a new day, which begins by itself.
        if (this.state.known) for (const row of rows) this.greet(row);
        this.set({ day, rows, tasks, known: true, offset: now - Date.now() });
        break;
      }
      case "row":
        this.greet(data as Row);
        this.set({ rows: [...this.state.rows.filter((row) => row.id !== (data as Row).id), data as Row] });
        break;
      case "row-gone":
        this.set({ rows: this.state.rows.filter((row) => row.id !== (data as { id: string }).id) });
        break;
      case "task":
        this.takeTask(data as Task);
        break;
      case "bye":
        this.session.lost();
        break;
      default:
    }
  }

  private takeTask(task: Task): void {
    const open = task.doneAt === undefined;
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
    if (off && before.seat.state !== "talking" && !this.callingOff.has(row.id)) this.heard("called-off", row);
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
        if (message.talk !== undefined) this.set({ admitting: undefined });
        // The window that was opened for somebody has loaded, and waits to hear for whom.
        else if (this.state.admitting !== undefined)
          this.channel.send({ t: "admit", seat: this.state.admitting });
        break;
      case "gone":
        this.windowOpen = false;
        this.set({ talk: undefined });
        break;
      case "refused":
        if (message.seat === this.state.admitting)
          this.set({ admitting: undefined, refusal: new ApiError(409, message.code, message.params) });
        break;
      case "admit":
      case "who":
        break; // For the talk's window.
    }
  }

  private set(change: { [Key in keyof DeskState]?: DeskState[Key] | undefined }): void {
    this.store.set({ ...this.state, ...change });
  }
}

export interface Groups {
  waiting: Row[];
  talking: Row[];
  /** Over, and nobody has said how it ended. */
  missing: Row[];
  next: Row[];
  done: Row[];
}

/** The day in the order in which it is worked through. */
export function grouped(rows: readonly Row[], filter: string, now: number): Groups {
  const wanted = filter.trim().toLocaleLowerCase();
  const shown = rows.filter((row) => row.citizen.name.toLocaleLowerCase().includes(wanted));
  const by =
    (value: (row: Row) => number) =>
    (a: Row, b: Row): number =>
      value(a) - value(b) || a.id.localeCompare(b.id);
  const start = by((row) => row.startsAt);
  const expected = shown.filter((row) => row.seat.state === "expected" && row.status === "booked");
  return {
    waiting: shown.filter((row) => row.seat.state === "waiting").sort(by((row) => row.seat.arrivedAt ?? 0)),
    talking: shown.filter((row) => row.seat.state === "talking").sort(by((row) => row.talk?.admittedAt ?? 0)),
    missing: expected.filter((row) => lacksOutcome(row, now)).sort(start),
    next: expected.filter((row) => !lacksOutcome(row, now)).sort(start),
    done: shown.filter((row) => row.seat.state === "closed" || row.status !== "booked").sort(start),
  };
}
