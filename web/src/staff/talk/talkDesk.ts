import { api, ApiError, asApiError } from "../../api/client";
import { openStream, type Stream, type StreamState } from "../../api/stream";
import type {
  Admitted,
  ByeReason,
  Detour,
  FoundDesk,
  Me,
  Others,
  Outcome,
  Signal,
  TalkView,
} from "../../api/types";
import { upload } from "../../api/upload";
import { after } from "../../call/after";
import { Call } from "../../call/call";
import { acquire, type Acquired, stopStream } from "../../call/devices";
import { persist } from "../../call/persist";
import { Store, type Unsubscribe } from "../../call/store";
import { veiledBefore } from "../../talk/blur/before";
import { offBefore } from "../../talk/off";
import type { Scan } from "../../talk/files/receiving";
import type { Session } from "../session";
import { WindowChannel, type WindowMessage } from "../window";

/** The server gives a file three minutes to come and to be looked at. */
const scanMs = 200_000;

export type Farewell =
  | { kind: "outcome"; name: string; outcome: Outcome; appointment: TalkView["appointment"] }
  | { kind: "back" | "missed" | "left" | "elsewhere" | "removed" | "device"; name: string }
  | { kind: "taken"; name: string; by: string }
  | { kind: "gone" };

export interface TalkState {
  readonly phase: "opening" | "ready" | "admitting" | "talk";
  readonly talk?: TalkView;
  readonly call?: Call;
  /** Who else waits at this person's desks. */
  readonly waiting: Others;
  readonly stream: StreamState;
  readonly offset: number;
  readonly busy: boolean;
  /** A form is open whose result would be lost with the end of the talk. */
  readonly formUnsaved?: boolean;
  readonly refusal?: ApiError;
  /** What became of the last talk. */
  readonly farewell?: Farewell;
  /** A talk that could not be joined just now, and may be in a moment. */
  readonly again?: string;
  /** A talk that a colleague leads: it is asked whether to take it over. */
  readonly led?: TalkView;
}

/** Why there is no talk in this window, and what can be done about it. */
type Readiness = Pick<TalkState, "farewell" | "refusal" | "again" | "led">;

/** The server's answer is usually here before a loader is drawn, and drawing one would only keep it waiting. */
const slowMs = 300;
/** The guest's offer is answered before the talk is drawn, unless that takes longer than somebody would notice. */
const stillMs = 150;
/** A new address makes the browser draw its own bars and fetch the icon anew: that may come after the first picture. */
const addressMs = 400;
/** Where a window that is reloaded finds its talk again, though the address that it is loaded from may not name it yet. */
const unnamed = "visavis.talk";

/**
 * The window of talks. It stays open between them with a connection made ready, so that the next talk begins at once;
 * the list tells it whom to admit.
 */
export class TalkDesk {
  private readonly store = new Store<TalkState>({
    phase: "opening",
    waiting: { count: 0 },
    stream: "connecting",
    offset: 0,
    busy: false,
  });
  private stream: Stream | undefined;
  private seat = "";
  /** Set while a guest is being called in. */
  private slow: ReturnType<typeof setTimeout> | undefined;
  private outcome: Outcome | "back" | "removed" | undefined;
  /** How many other devices of the guest were let into this window's talks. */
  private letIn = 0;
  private closed = false;
  /** Camera and microphone of this window, from the click that opens them. */
  private devices: Promise<Acquired> | undefined;
  private readonly channel = new WindowChannel((message) => {
    this.hearWindow(message);
  });

  /** `address`: of the page, where it is not that of the talk. */
  constructor(
    private readonly session: Pick<Session, "lost">,
    private readonly me: Me,
    private readonly address?: string,
  ) {
    globalThis.addEventListener("pagehide", this.hidden);
  }

  /** The window shows something else, such as the sign-in: this desk must hear of no admission any more. */
  close(): void {
    this.closed = true;
    this.gone();
    globalThis.removeEventListener("pagehide", this.hidden);
    this.channel.close();
    clearTimeout(this.slow);
    this.stream?.close();
    this.closeDevices();
    this.state.call?.close();
  }

  private readonly hidden = (): void => {
    const { talk } = this.state;
    // Whatever the address says by now: a reload that was asked for before it named the talk still goes to the old one.
    if (talk) sessionStorage.setItem(unnamed, talk.id);
    this.gone();
  };

  private readonly gone = (): void => {
    this.channel.send({ t: "gone" });
  };

  get state(): TalkState {
    return this.store.value;
  }

  subscribe(listener: (state: TalkState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  /**
   * `address` names a talk, after a reload or from the list; or is "ready", to wait for the list's word. `untouched`: the
   * window has only followed a sign-in elsewhere, and turns no camera on by itself.
   */
  async open(address: string, untouched = false): Promise<void> {
    const id = address === "ready" ? (sessionStorage.getItem(unnamed) ?? address) : address;
    sessionStorage.removeItem(unnamed);
    if (id === "ready") this.makeReady();
    else await this.join(id, { untouched });
  }

  /** Yes to the question whether to take over the talk that a colleague leads. */
  async takeOver(): Promise<void> {
    const { led } = this.state;
    if (led) await this.join(led.id, { takeover: true });
  }

  stayOut(): void {
    this.makeReady();
  }

  private async join(id: string, { takeover = false, untouched = false } = {}): Promise<void> {
    this.set({ phase: "opening" });
    try {
      const talk = await api.get<TalkView>(`/api/staff/talks/${id}`);
      if (talk.endedAt !== undefined) throw new ApiError(410, "talk.ended");
      if (talk.staff.id !== this.me.id && !takeover) {
        this.makeReady({ led: talk });
        return;
      }
      if (untouched) {
        this.makeReady({ again: id });
        return;
      }
      this.freshCall();
      await this.enter(`/api/staff/talks/${id}/join`, { takeover });
    } catch (error) {
      const refusal = asApiError(error);
      if (refusal.status === 401) this.session.lost();
      else if (refusal.code === "talk.led")
        await this.join(id); // a colleague was quicker: asked anew
      else if (refusal.passing) this.makeReady({ refusal, again: id });
      else this.makeReady({ farewell: { kind: "gone" } });
    }
  }

  async takeover(ask: string, allow: boolean): Promise<void> {
    await this.guarded(async () => {
      // Before the answer: the other device may be quicker than it.
      if (allow) this.letIn++;
      this.take(await api.post<TalkView>(`${this.path}/takeover`, { ask, allow }));
    });
  }

  /** Calls the colleagues of the desk without a word to the guest, or takes that back. */
  async alarm(on: boolean): Promise<void> {
    await this.guarded(async () => {
      this.take(await api.post<TalkView>(`${this.path}/alarm`, { on }));
    });
  }

  /** Asks a colleague, or whoever has time at a desk, to go on with the talk. */
  async askTransfer(desk: string, to: string | undefined, note: string): Promise<boolean> {
    return await this.guarded(async () => {
      this.take(await api.post<TalkView>(`${this.path}/transfer`, { desk, to, note }));
    });
  }

  /** Taken back; or, what was declined is read; or good-bye is said. */
  async transfer(what: "back" | "ready"): Promise<void> {
    await this.guarded(async () => {
      this.take(await api.post<TalkView>(`${this.path}/transfer/${what}`));
    });
  }

  async findDesks(text: string, signal: AbortSignal): Promise<FoundDesk[]> {
    const found = await api.post<{ desks: FoundDesk[] }>(`${this.path}/transfer/desks`, { text }, { signal });
    return found.desks;
  }

  async end(outcome: Outcome): Promise<void> {
    await this.guarded(async () => {
      this.outcome = outcome;
      this.take(await api.post<TalkView>(`${this.path}/end`, { outcome }));
    });
  }

  /** No other device of the guest may ask for the talk; or they may again. */
  async lock(on: boolean): Promise<void> {
    await this.guarded(async () => {
      this.take(await api.post<TalkView>(`${this.path}/lock`, { on }));
    });
  }

  /** The guest is put out: there is no talking with them. */
  async remove(outcome: "held" | "phone"): Promise<void> {
    await this.guarded(async () => {
      this.outcome = "removed";
      this.take(await api.post<TalkView>(`${this.path}/remove`, { outcome }));
    });
  }

  async sendBack(): Promise<void> {
    await this.guarded(async () => {
      this.outcome = "back";
      this.take(await api.post<TalkView>(`${this.path}/sendback`));
    });
  }

  /** The audit is told that a document of the guest was seen, and nothing of it. */
  async documentSeen(): Promise<void> {
    const { path } = this;
    const over = (): boolean => path !== this.path;
    await persist(() => api.post(`${path}/document`), over).catch(() => undefined); // the talk is over, or somebody else's
  }

  /** The audit is told that a form was opened or confirmed, and nothing of it. */
  async formUsed(what: "opened" | "confirmed"): Promise<void> {
    const { path } = this;
    const over = (): boolean => path !== this.path;
    await persist(() => api.post(`${path}/form`, { what }), over).catch(() => undefined); // as above
  }

  /** A form is open whose result is not saved on both sides: it would be lost with the end of the talk. */
  keepsForm(unsaved: boolean): void {
    if (unsaved !== this.state.formUnsaved) this.set({ formUnsaved: unsaved });
  }

  /** The agency's virus scanner looks at a file of the guest; nothing keeps it. */
  async scan(file: Blob): Promise<Scan> {
    try {
      const { found } = await upload<{ found?: string }>(`${this.path}/scan`, file, scanMs);
      return found === undefined ? { state: "clean" } : { state: "found", found };
    } catch (error) {
      return { state: "failed", error: asApiError(error) };
    }
  }

  dismissRefusal(): void {
    this.set({ refusal: undefined });
  }

  private get path(): string {
    return `/api/staff/talks/${this.state.talk?.id ?? ""}`;
  }

  private async guarded(action: () => Promise<void>): Promise<boolean> {
    if (this.state.busy) return false;
    this.set({ busy: true, refusal: undefined });
    try {
      await action();
      return true;
    } catch (error) {
      this.outcome = undefined;
      const refusal = asApiError(error);
      if (refusal.status === 401) this.session.lost();
      this.set({ refusal });
      return false;
    } finally {
      this.set({ busy: false });
    }
  }

  /** The list's word: whom to let in, or whose talk to take over. */
  private async called(seat: string, path: string, body: object): Promise<void> {
    if (this.state.phase !== "ready" || this.slow !== undefined) return;
    this.seat = seat;
    this.slow = setTimeout(() => {
      this.set({ phase: "admitting", farewell: undefined, refusal: undefined });
    }, slowMs);
    try {
      await this.enter(path, body);
    } catch (error) {
      const { code, params, status } = asApiError(error);
      this.channel.send({ t: "refused", seat, code, params });
      if (status === 401) this.session.lost();
      else this.makeReady({ refusal: new ApiError(status, code, params) });
      return;
    } finally {
      clearTimeout(this.slow);
      this.slow = undefined;
    }
  }

  /**
   * Camera and microphone open while the server is asked: that takes longer than its answer. Where it is a refusal, or
   * the talk is over before they are open, they are closed again. What was switched off in this talk stays so.
   */
  private async enter(path: string, body: object): Promise<void> {
    // One whose background was blurred is opened by what blurs it (talk/finer).
    const camera = !veiledBefore() && !offBefore("camera");
    const devices = acquire({ camera, microphone: !offBefore("mic") });
    this.devices = devices;
    const { call } = this.state;
    try {
      const admitted = await api.post<Admitted>(path, body);
      if (this.closed) return;
      this.begin(admitted);
    } catch (error) {
      this.closeDevices();
      throw error;
    }
    void devices.then((acquired) => {
      if (this.state.phase === "talk" && this.state.call === call) call?.useLocal(acquired);
      else stopStream(acquired.stream);
    });
  }

  private closeDevices(): void {
    void this.devices?.then(({ stream }) => {
      stopStream(stream);
    });
  }

  private begin({ talk, signals }: Admitted): void {
    this.seat = talk.seat;
    this.outcome = undefined;
    const answered = Promise.all(signals.map((signal) => this.signal(signal)));
    this.store.keepStill(stillMs, answered);
    this.set({
      phase: "talk",
      talk,
      offset: talk.now - Date.now(),
      again: undefined,
      led: undefined,
      farewell: undefined,
      refusal: undefined,
    });
    void after(addressMs).then(() => {
      if (this.state.talk?.id === talk.id && !this.closed)
        history.replaceState(history.state, "", this.address ?? `/staff/talk/${talk.id}`); // with what it says of a halt
    });
    this.channel.send({ t: "here", talk: talk.id });
    this.listen(talk.id);
  }

  private listen(id: string): void {
    this.stream?.close();
    this.stream = openStream(`/api/staff/talks/${id}/stream`, {
      onEvent: (name, data) => {
        this.hear(name, data);
      },
      onState: (stream) => {
        this.set({ stream });
      },
      onRefused: (error) => {
        if (error.status === 401) this.session.lost();
        else this.over({ kind: "gone" });
      },
    });
  }

  private hear(name: string, data: unknown): void {
    switch (name) {
      case "snapshot": {
        const { talk, signals, waiting } = data as { talk: TalkView; signals: Signal[]; waiting: Others };
        this.set({ waiting });
        this.take(talk);
        // Where it is over, the call is that of the next talk already.
        if (this.state.phase === "talk") for (const signal of signals) void this.signal(signal);
        break;
      }
      case "talk":
        this.take(data as TalkView);
        break;
      case "waiting":
        this.set({ waiting: data as Others });
        break;
      case "signal":
        void this.signal(data as Signal);
        break;
      case "bye":
        if ((data as { reason: ByeReason }).reason === "signed-out") this.session.lost();
        else this.over(this.passedOn() ?? { kind: "gone" });
        break;
      default:
    }
  }

  private async signal(signal: Signal): Promise<void> {
    await this.state.call?.handle(signal).catch(() => undefined);
  }

  private take(talk: TalkView): void {
    if (this.state.phase !== "talk") return;
    this.set({ talk, offset: talk.now - Date.now() });
    const { name } = talk.appointment.citizen;
    if (talk.endedAt !== undefined) this.over(this.farewellOf(talk, name));
    else if (talk.staff.id !== this.me.id) this.over({ kind: "taken", name, by: talk.staff.name });
    else if (talk.device && this.address === undefined) this.over({ kind: "device", name });
  }

  /** Somebody of another desk has entered, as was asked for. */
  private passedOn(): Farewell | undefined {
    const { talk } = this.state;
    const by = talk?.transfer?.acceptedBy?.name;
    return talk && by !== undefined ? { kind: "taken", name: talk.appointment.citizen.name, by } : undefined;
  }

  private farewellOf(talk: TalkView, name: string): Farewell {
    const { outcome } = this;
    if (outcome === "back" || outcome === "removed") return { kind: outcome, name };
    if (outcome !== undefined) return { kind: "outcome", name, outcome, appointment: talk.appointment };
    return { kind: talk.enteredAt === undefined ? "missed" : "left", name };
  }

  private over(farewell: Farewell): void {
    this.stream?.close();
    this.stream = undefined;
    if (this.closed) return;
    this.makeReady({ farewell });
  }

  private makeReady({ farewell, refusal, again, led }: Readiness = {}): void {
    this.freshCall();
    // Who goes on with a talk that was halted goes on with it halted; a background stays blurred in the next talk, too.
    history.replaceState(
      again === undefined ? { blur: veiledBefore() } : history.state,
      "",
      this.address ?? `/staff/talk/${led?.id ?? again ?? "ready"}`,
    );
    this.set({ phase: "ready", talk: undefined, farewell, refusal, again, led });
    this.channel.send({ t: "here", talk: undefined });
  }

  private freshCall(): void {
    this.state.call?.close();
    const call = new Call({
      side: "staff",
      agency: this.me.agency.slug,
      seat: () => this.seat,
      send: (message, signal) => api.post(`${this.path}/signal`, message, { signal }),
      detour: async () => (await api.post<Detour>(`${this.path}/detour`)).iceServers,
      detouring: this.state.call?.detours ?? false,
      other: () => `device ${this.letIn}`,
    });
    this.set({ call });
  }

  private hearWindow(message: WindowMessage): void {
    const { phase, talk } = this.state;
    if (message.t === "who" && phase !== "opening") this.channel.send({ t: "here", talk: talk?.id });
    if (message.t === "admit") void this.called(message.seat, `/api/staff/seats/${message.seat}/admit`, {});
    if (message.t === "takeover")
      void this.called(message.seat, `/api/staff/talks/${message.talk}/join`, { takeover: true });
    if (message.t === "enter")
      void this.called(message.seat, `/api/staff/talks/${message.talk}/transfer/enter`, { at: message.at });
    // Another window of this browser has joined the same talk.
    if (message.t === "here" && message.talk !== undefined && message.talk === talk?.id)
      this.over({ kind: "elsewhere", name: talk.appointment.citizen.name });
  }

  private set(change: { [Key in keyof TalkState]?: TalkState[Key] | undefined }): void {
    this.store.set({ ...this.state, ...change });
  }
}
