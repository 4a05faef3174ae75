import { api, ApiError, asApiError } from "../api/client";
import type { Me } from "../api/types";
import type { Language } from "../i18n/languages";
import { Store, type Unsubscribe } from "../call/store";
import type { Arrival } from "./ways";
import { WindowChannel } from "./window";

export interface SessionState {
  readonly me?: Me;
  /** The first question to the server is not answered yet. */
  readonly asking: boolean;
  readonly busy: boolean;
  readonly refusal?: ApiError;
  /** The password was right, and something more is needed. */
  readonly step?: SignInStep;
  /** Somebody has signed in to another window, and nobody has touched this one. */
  readonly followed?: boolean;
}

/** What is left to do after the password: show a code of an app, or set one up. */
export interface SignInStep {
  readonly needs: "code" | "setup";
  /** Says that the password was right a moment ago. */
  readonly ticket: string;
}

function stepOf({ code, params }: ApiError): SignInStep | undefined {
  const ticket = `${params["ticket"] ?? ""}`;
  if (code === "session.code") return { needs: "code", ticket };
  return code === "session.setup" ? { needs: "setup", ticket } : undefined;
}

/** Who is signed in to this browser: all its windows know the same. */
export class Session {
  private readonly store = new Store<SessionState>({ asking: true, busy: false });
  private language: Language = "de";
  private readonly channel = new WindowChannel(({ t }) => {
    if (t === "signed-out") this.lost();
    if (t === "signed-in") void this.follow();
  });

  get state(): SessionState {
    return this.store.value;
  }

  subscribe(listener: (state: SessionState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  /** `language` is that of the names the agency gives to its services. */
  async open(language: Language, arrival: Arrival = { signedIn: false }): Promise<void> {
    this.language = language;
    try {
      const me = await api.get<Me>(`/api/staff/session?language=${language}`);
      this.store.set({ asking: false, busy: false, me });
      if (arrival.signedIn) this.channel.send({ t: "signed-in" });
    } catch (error) {
      const refusal = error instanceof ApiError && error.code !== "session.none" ? error : arrival.refusal;
      this.store.set({ asking: false, busy: false, ...(refusal && { refusal }) });
    }
  }

  /** The reader has chosen another language. */
  speak(language: Language): Promise<void> {
    this.language = language;
    return this.renew();
  }

  /** Asks again who is signed in and what they may do. */
  async renew(): Promise<void> {
    const { language } = this;
    if (!this.state.me) return;
    const me = await api.get<Me>(`/api/staff/session?language=${language}`).catch(() => undefined);
    if (me && this.state.me) this.store.set({ ...this.state, me });
  }

  async signIn(
    credentials: { agency: string; email: string; password: string },
    language: Language,
  ): Promise<void> {
    if (this.state.busy) return;
    this.language = language;
    this.store.set({ asking: false, busy: true });
    try {
      this.enter(await api.post<Me>(`/api/staff/session?language=${language}`, credentials));
    } catch (error) {
      const refusal = asApiError(error);
      if (!this.goOn(refusal)) this.store.set({ asking: false, busy: false, refusal });
    }
  }

  /** Tells whether a refusal only says that something more is needed; then the sign-in page asks for it. */
  goOn(refusal: ApiError): boolean {
    const step = stepOf(refusal);
    if (step) this.store.set({ asking: false, busy: false, step });
    return step !== undefined;
  }

  /** From the beginning again, and why. */
  startOver(refusal?: ApiError): void {
    this.store.set({ asking: false, busy: false, ...(refusal && { refusal }) });
  }

  /** Somebody has come in by another way than the form: all windows are told. */
  enter(me: Me): void {
    this.store.set({ asking: false, busy: false, me });
    this.channel.send({ t: "signed-in" });
  }

  private async follow(): Promise<void> {
    const me = await api.get<Me>(`/api/staff/session?language=${this.language}`).catch(() => undefined);
    if (me) this.store.set({ asking: false, busy: false, me, followed: true });
  }

  async signOut(): Promise<void> {
    try {
      await api.delete("/api/staff/session");
    } catch (error) {
      // Who is not told so would leave the next person at this desk signed in.
      const refusal = asApiError(error);
      if (refusal.status !== 401) {
        this.store.set({ ...this.state, refusal });
        return;
      }
    }
    this.gone();
  }

  /** All sessions of the account have ended, this one too. */
  gone(): void {
    this.lost();
    this.channel.send({ t: "signed-out" });
  }

  /** The server knows this session no more. */
  lost(): void {
    this.store.set({ asking: false, busy: false });
  }
}
