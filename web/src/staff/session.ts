import { api, ApiError } from "../api/client";
import type { Me } from "../api/types";
import { Store, type Unsubscribe } from "../call/store";

export interface SessionState {
  readonly me?: Me;
  /** The first question to the server is not answered yet. */
  readonly asking: boolean;
  readonly busy: boolean;
  readonly refusal?: ApiError;
}

/** Who is signed in. */
export class Session {
  private readonly store = new Store<SessionState>({ asking: true, busy: false });

  get state(): SessionState {
    return this.store.value;
  }

  subscribe(listener: (state: SessionState) => void): Unsubscribe {
    return this.store.subscribe(listener);
  }

  async open(): Promise<void> {
    try {
      this.store.set({ asking: false, busy: false, me: await api.get<Me>("/api/staff/session") });
    } catch (error) {
      const refusal = error instanceof ApiError && error.code !== "session.none" ? { refusal: error } : {};
      this.store.set({ asking: false, busy: false, ...refusal });
    }
  }

  async signIn(agency: string, email: string, password: string): Promise<void> {
    if (this.state.busy) return;
    this.store.set({ asking: false, busy: true });
    try {
      const me = await api.post<Me>("/api/staff/session", { agency, email, password });
      this.store.set({ asking: false, busy: false, me });
    } catch (error) {
      this.store.set({ asking: false, busy: false, refusal: asApiError(error) });
    }
  }

  async signOut(): Promise<void> {
    await api.delete("/api/staff/session").catch(() => undefined);
    this.lost();
  }

  /** The server knows this session no more. */
  lost(): void {
    this.store.set({ asking: false, busy: false });
  }
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "internal");
}
