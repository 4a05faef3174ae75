import { changePassword, endSessions, type OwnAccount, readAccount } from "../../api/account";
import { type ApiError, asApiError } from "../../api/client";

/** One's own account: what there is, and what is done to it, one thing after the other. */
export class AccountDesk {
  account = $state.raw<OwnAccount>();
  refusal = $state.raw<ApiError>();
  receipt = $state<"password">();
  busy = $state(false);

  async load(): Promise<void> {
    await this.#act(readAccount);
  }

  changePassword(current: string, password: string): Promise<boolean> {
    return this.#act(() => changePassword(current, password), "password");
  }

  /** Tells whether all sessions have ended. */
  async endSessions(): Promise<boolean> {
    const ended = this.account;
    return this.#act(async () => {
      await endSessions();
      return ended;
    });
  }

  /** Tells whether it was done; if not, `refusal` says why. */
  async #act(action: () => Promise<OwnAccount | undefined>, receipt?: "password"): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = this.receipt = undefined;
    try {
      this.account = await action();
      this.receipt = receipt;
      return true;
    } catch (error) {
      this.refusal = asApiError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
