import { ApiError, asApiError } from "../api/client";
import type { Stream } from "../api/stream";
import type { Bye, Detour, GuestTalk, GuestView, Mode, Signal } from "../api/types";
import type { Prepared } from "../call/call";
import { type Acquired, stopStream, type Wanted } from "../call/devices";
import { Store, type Unsubscribe } from "../call/store";
import { Asking } from "./asking";
import { Attention } from "./attention";
import { WayBack } from "./back";
import { Calls } from "./calls";
import { readFragment, writeSeat } from "./link";
import { whenLookedAt } from "./looked";
import { listenToPage } from "./page";
import type { Notice, Screen, VisitState } from "./screen";
import { initialVisit, isInside, modeOf, screenOf } from "./screen";
import { SeatServer } from "./server";
import { ScreenAwake } from "../call/wake";

const stillMs = 150;

/** As talk/blur/before and talk/off have it. */
type Kept = { blur?: unknown; camera?: unknown; mic?: unknown };
type Change = { [Key in keyof VisitState]?: VisitState[Key] | undefined };

/**
 * One guest's visit from the link to the good-bye. The server decides where the seat stands; this class asks, listens,
 * and keeps the call ready, so that the talk begins the moment the guest is called.
 */
export class Visit {
  private readonly store = new Store<VisitState>(initialVisit);
  /** For what the talk asks beside the visit. */
  readonly server: SeatServer;
  private secret: string | undefined;
  private stream: Stream | undefined;
  private readonly calls: Calls;
  private talkId: string | undefined;
  /** The generation that the server was told of the person's entering for. */
  private enteredFor = 0;
  /** When the talk began, by the server's clock. */
  private enteredAt = 0;
  /** Counts what the stream has said of the seat. */
  private heard = 0;
  private readonly asking = new Asking();
  private readonly attention = new Attention();
  private readonly awake = new ScreenAwake();
  private readonly wayBack = new WayBack(() => {
    this.wentBack();
  });

  constructor(private readonly slug: string) {
    this.server = new SeatServer(slug);
    this.calls = new Calls(
      {
        side: "guest",
        agency: slug,
        seat: () => this.server.seat,
        other: () => this.state.view?.talk?.lead ?? "",
        send: (message, signal) => this.server.asPage<undefined>("signal", message, { signal }),
        renew: (offer) => this.renew(offer),
        detour: async () => (await this.server.asPage<Detour>("detour")).iceServers,
      },
      (call) => {
        this.set({ call });
      },
    );
    this.listenToPage();
    whenLookedAt(() => {
      const { view, failure } = this.state;
      if (view?.state === "expected" && !failure) this.server.tell("looked");
    });
    this.store.subscribe(() => {
      const { screen } = this;
      if (screen !== "loading") this.wayBack.went(isInside(screen));
      this.awake.want(screen === "waiting" || screen === "called" || screen === "talk");
    });
  }

  get state(): VisitState {
    return this.store.value;
  }

  private get screen(): Screen {
    return screenOf(this.state, Date.now() + this.state.offset);
  }

  subscribe(listener: (state: VisitState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  /** The invitation's own address, as long as this page knows the secret. */
  get link(): string | undefined {
    return this.secret === undefined ? undefined : `${location.origin}/t/${this.slug}#${this.secret}`;
  }

  /** Looks, and changes nothing: programs that follow links in mails come this far too. */
  async open(): Promise<void> {
    const fragment = readFragment(location.hash);
    if (fragment && "secret" in fragment) this.secret = fragment.secret;
    if (!fragment) {
      await this.fail(new ApiError(404, "link.unknown"));
      return;
    }
    try {
      const view = await this.server.open(fragment);
      writeSeat(history, location, view.seat);
      this.set({ failure: undefined });
      await this.look(view);
      this.follow();
    } catch (error) {
      await this.fail(asApiError(error));
    }
  }

  async refresh(): Promise<void> {
    const { secret, state } = this;
    if (!state.view) return this.open();
    // A link says why it was given up, to every browser.
    const what = secret === undefined ? { seat: state.view.seat } : { secret };
    try {
      await this.look(await this.server.open(what));
    } catch (error) {
      if (!asApiError(error).passing || this.screen === "loading") await this.fail(asApiError(error));
    }
  }

  private async look(view: GuestView): Promise<void> {
    this.take(view);
    if (this.screen === "loading") await this.resume(view);
  }

  /** The second click: camera and microphone, as far as they are wanted. */
  async check(wish: Mode): Promise<void> {
    this.set({ step: "check", wish, refusal: undefined, notice: undefined, leaving: false });
    this.server.tell("started");
    void this.calls.prepare().catch(() => undefined);
    await this.openDevices({ camera: wish === "video", microphone: wish !== "text" });
  }

  async openDevices(wanted: Wanted): Promise<void> {
    stopStream(this.state.devices?.stream);
    this.set({ devices: undefined });
    const devices = await this.asking.ask(wanted)();
    if (!devices) return;
    this.set({ devices });
    const good = (state: string): boolean => state === "ok" || state === "off";
    this.server.tell(good(devices.camera) && good(devices.microphone) ? "ok" : "failed", devices);
    // The visit goes on, whether or not this is heard.
    if (this.state.joined) void this.bring(devices).catch(() => undefined);
  }

  /** The browser's question was answered only after the person had entered: what came of it is taken along. */
  private async bring(devices: Acquired): Promise<void> {
    const { call, view, wish } = this.state;
    call?.useLocal(devices);
    const mode = modeOf(wish, devices);
    if (mode === view?.mode) return;
    const prepared = await this.calls.prepare();
    await this.act("arrive", { mode, ...prepared, takeover: false });
  }

  wish(wish: Mode): void {
    this.set({ wish });
  }

  back(): void {
    this.asking.forget();
    stopStream(this.state.devices?.stream);
    this.set({ step: "landing", devices: undefined, refusal: undefined });
  }

  /** The third click. */
  async arrive(): Promise<void> {
    const { wish, devices, view, takenOver } = this.state;
    if (!view || this.state.busy) return;
    await this.guarded(async () => {
      const prepared = await this.calls.prepare();
      const takeover = (takenOver || !view.here) && view.state !== "expected";
      await this.join({ mode: modeOf(wish, devices), ...prepared, takeover });
      // The browser's question may have been answered while this was on its way.
      const { devices: now, joined } = this.state;
      if (joined && now && now !== devices) await this.bring(now);
    });
  }

  /** Back to the seat that another device or window holds, by way of this device's check. */
  async takeOver(): Promise<void> {
    await this.check("video");
  }

  /** "Jetzt eintreten": it was ringing. */
  enter(): void {
    const { call, view } = this.state;
    if (!view?.talk || !call || this.state.entered) return;
    this.attention.stop();
    this.enteredAt = Date.now() + this.state.offset;
    this.set({ entered: true, ringing: false });
    this.tellEntered(view.talk);
    this.headsUp(view.talk.headsUpMs);
  }

  /** The browser's own way back: to the first screen, or a question. */
  private wentBack(): void {
    const { screen } = this;
    if (screen === "check") {
      this.back();
      return;
    }
    // No question can be shown there, and nothing is lost by going.
    if (this.state.call?.state.broken) {
      this.wayBack.leave();
      return;
    }
    this.wayBack.stay();
    this.askToLeave(true);
  }

  askToLeave(leaving: boolean): void {
    this.set({ leaving, refusal: undefined });
  }

  async leave(): Promise<void> {
    const { view: before } = this.state;
    const notice: Notice | undefined = !before?.here ? undefined : before.talk ? "hung-up" : "left";
    await this.guarded(async () => {
      const view = await this.server.asPage("leave");
      this.dropCall({ joined: false, step: "landing", notice });
      this.take(view);
    });
  }

  /** Lets the office know something, and says what comes of it. */
  async tell(
    action: "callback" | "cancel" | "answer" | "stay" | "consent",
    body: object,
    notice?: Notice,
  ): Promise<boolean> {
    return this.guarded(async () => {
      await this.act(action, body, action !== "callback" && action !== "cancel");
      if (notice) this.set({ notice });
    });
  }

  /** Says why the last click did not work; the page forgets it with the next one. */
  private async guarded(action: () => Promise<void>): Promise<boolean> {
    if (this.state.busy) return false;
    this.set({ busy: true, refusal: undefined });
    try {
      await action();
      return true;
    } catch (error) {
      this.set({ refusal: asApiError(error) });
      // The seat may stand elsewhere by now: too early, too late, closed, on another device.
      if (!asApiError(error).passing && asApiError(error).status !== 422) void this.refresh();
      return false;
    } finally {
      this.set({ busy: false });
    }
  }

  /** A reload, or the link opened once more in the same browser: the seat is this browser's, so no click is asked. */
  private async resume(view: GuestView): Promise<void> {
    const mode = view.mode ?? "video";
    this.set({ wish: mode, step: "landing" });
    const arrived = this.calls
      .prepare()
      .then((prepared) => this.join({ mode, ...prepared, takeover: false }));
    void this.openAgain(mode, arrived);
    await arrived;
  }

  /**
   * Opens the devices at once, and puts them to use unless the visit has moved on by then. What the person has switched off
   * stays so, and a camera whose background was blurred is opened by what blurs it (talk/finer).
   */
  private async openAgain(mode: Mode, arrived?: Promise<void>): Promise<void> {
    const { blur, camera, mic } = (history.state ?? {}) as Kept;
    const answer = this.asking.ask({
      camera: mode === "video" && !blur && !camera,
      microphone: mode !== "text" && !mic,
    });
    await arrived?.catch(() => undefined);
    const devices = await answer();
    if (!devices) return;
    if (!this.state.joined) {
      stopStream(devices.stream);
      return;
    }
    this.set({ devices });
    this.state.call?.useLocal(devices);
  }

  private async join(body: object): Promise<void> {
    const { heard } = this;
    const notice = this.state.view?.legal.notice.version;
    const view = await this.server.asPage("arrive", { ...body, notice });
    const { devices, call } = this.state;
    if (devices) call?.useLocal(devices);
    this.store.keepStill(stillMs, Promise.resolve()); // one change: nobody sees the first screen in between
    this.set({ joined: view.here, takenOver: false, step: "landing" });
    // The advisor may have been quicker than the answer: then the stream's picture of the seat is the newer one.
    this.take(heard !== this.heard && this.state.view?.here ? this.state.view : view);
    if (!this.stream && view.state !== "closed") this.listen();
  }

  private async renew(prepared: Prepared & { generation?: number }): Promise<number> {
    const view = await this.act("prepare", prepared);
    return view.talk?.generation ?? 0;
  }

  private dropCall(change: Change): void {
    this.attention.stop();
    this.asking.forget();
    // The call has them only once the person has entered.
    stopStream(this.state.devices?.stream);
    this.calls.drop();
    this.talkId = undefined;
    this.enteredFor = 0;
    this.set({
      call: undefined,
      devices: undefined,
      headsUpUntil: 0,
      entered: false,
      ringing: false,
      leaving: false,
      ...change,
    });
  }

  /** From the first screen on the page hears what becomes of the seat, for as long as somebody looks at it. */
  private follow(): void {
    const { view, failure } = this.state;
    if (this.stream) this.stream.resume();
    else if (view && view.state !== "closed" && !failure && document.visibilityState === "visible")
      this.listen();
  }

  private listen(): void {
    this.stopStream();
    this.stream = this.server.stream({
      onEvent: (name, data) => {
        this.hear(name, data);
      },
      onState: (stream, streamSince) => {
        this.set({ stream, streamSince });
        // The page may have been hidden from the start.
        if (stream === "open" && document.visibilityState === "hidden") this.presence();
      },
      onRefused: () => {
        this.stopStream();
        void this.refresh();
      },
    });
  }

  private stopStream(): void {
    const { stream } = this;
    this.stream = undefined;
    stream?.close();
  }

  private hear(name: string, data: unknown): void {
    if (name === "snapshot" || name === "seat") this.heard++;
    if (name === "snapshot") {
      const { view, signals } = data as { view: GuestView; signals: Signal[] };
      this.takeHeard(view);
      // While nothing was heard the seat was opened elsewhere: nobody will say so any more.
      if (this.state.joined && this.screen === "elsewhere") this.bye({ reason: "taken-over" });
      for (const signal of signals) this.calls.handle(signal);
    } else if (name === "seat") this.takeHeard(data as GuestView);
    else if (name === "signal") this.calls.handle(data as Signal);
    else if (name === "bye") this.bye(data as Bye);
  }

  private bye({ reason, startsAt = 0 }: Bye): void {
    if (reason === "moved") void this.fail(new ApiError(410, "link.moved", { startsAt }));
    this.stopStream();
    if (reason === "taken-over") this.dropCall({ joined: false, takenOver: true });
  }

  /** What the stream says is meant for this page: once the seat is here, the advisor has said yes to this device. */
  private takeHeard(view: GuestView): void {
    const { view: before, joined, devices, call } = this.state;
    if (view.here && view.takeover === "none" && !joined && before && !before.here) {
      if (devices) call?.useLocal(devices);
      this.set({ joined: true, takenOver: false });
    }
    this.take(view);
  }

  /** The one place where the server's picture of the seat becomes ours. */
  private take(view: GuestView): void {
    const { view: before, call } = this.state;
    // The advisor's description is on its way, and is waited for more than the sight of a talk without pictures.
    if (call && view.talk && !before?.talk) this.store.keepStill(stillMs, call.met);
    this.set({ view, agency: view.agency, offset: view.now - Date.now() });
    if (!this.state.joined) {
      this.giveBack();
      if (view.state === "closed") this.stopStream();
      return;
    }
    if (view.state === "talking" && view.talk && view.here) this.called(view.talk);
    else if (view.state === "waiting" && view.here && before?.state === "talking")
      // Whose talk was interrupted is told so for as long as they wait.
      this.startAnew(view.passedAt !== undefined ? undefined : this.state.entered ? "sent-back" : "missed");
    else if (view.state === "expected") this.dropCall({ joined: false });
    else if (view.state === "closed") this.finish();
  }

  /** Devices are open or asked for at the check, or for a talk that was asked for; after a no, or the end, for nothing. */
  private giveBack(): void {
    const { devices, step } = this.state;
    if ((devices ?? step === "check") && this.screen !== "check" && this.screen !== "asked")
      this.dropCall({});
  }

  private called(talk: GuestTalk): void {
    if (this.talkId === talk.id) {
      if (this.state.entered && talk.enteredAt === undefined) this.tellEntered(talk);
      return;
    }
    // What lay between that talk and this one was not heard.
    if (this.talkId !== undefined) this.startAnew();
    this.talkId = talk.id;
    this.set({ notice: undefined, leaving: false });
    if (talk.enteredAt !== undefined) {
      this.enteredAt = talk.enteredAt;
      this.set({ entered: true });
      this.state.call?.attach();
    } else if (document.visibilityState === "visible") {
      this.enter();
      this.attention.chime();
    } else {
      this.set({ ringing: true });
      this.attention.ring();
    }
  }

  /** Once for each generation: what is said for one that is over by then is not heard. */
  private tellEntered({ generation }: GuestTalk): void {
    if (this.enteredFor === generation) return;
    this.enteredFor = generation;
    this.state.call?.enter(generation);
  }

  private headsUp(ms: number): void {
    const { call } = this.state;
    this.set({ headsUpUntil: Date.now() + ms });
    if (ms <= 0) call?.attach();
    else setTimeout(() => call?.attach(), ms);
  }

  /** Called in vain, or sent back by the advisor: the place is kept, and the next talk gets fresh keys. */
  private startAnew(notice?: Notice): void {
    this.dropCall({ notice });
    void this.openAgain(this.state.wish);
    void this.calls.offer((prepared) => this.server.asPage("prepare", prepared));
  }

  private finish(): void {
    const { call, entered, offset } = this.state;
    let { talkedMs } = this.state;
    // Counted from the first entry: a reload has a connection of its own, and is the same talk.
    if (entered) talkedMs = call?.state.connectedAt ? Date.now() + offset - this.enteredAt : 0;
    this.stopStream();
    this.dropCall({ joined: false, talkedMs });
  }

  private async fail(failure: ApiError): Promise<void> {
    this.stopStream();
    this.dropCall({ joined: false, failure });
    // What has moved or is cancelled says so again after a reload; by then its secret opens nothing.
    if (failure.status === 404) writeSeat(history, location, undefined);
    if (this.state.agency) return;
    const agency = await this.server.agency().catch(() => undefined);
    this.set({ agency });
  }

  private presence(visible = document.visibilityState === "visible"): void {
    if (this.state.joined) this.server.presence(visible);
  }

  private listenToPage(): void {
    listenToPage({
      onVisible: (visible) => {
        this.presence();
        if (visible) this.follow();
        // Who has not come yet and looks elsewhere needs no line: it costs telephones their battery.
        else if (!this.state.joined && this.state.view?.state === "expected") this.stopStream();
      },
      onLeft: () => {
        this.presence(false);
      },
      onKept: () => {
        this.follow();
      },
    });
  }

  /** The stream tells what came of it, too; an answer that it has overtaken is an old picture of the seat. */
  private async act(action: string, body: object, asPage = true): Promise<GuestView> {
    const heard = this.heard;
    const view = await (asPage ? this.server.asPage(action, body) : this.server.post(action, body));
    if (heard === this.heard) this.take(view);
    return view;
  }

  private set(change: Change): void {
    this.store.set({ ...this.state, ...change });
  }
}
