import {
  addPasskey,
  changePassword,
  endSession,
  endSessions,
  type FactorSetup,
  type MadeCodes,
  newRecoveryCodes,
  type OwnAccount,
  prepareFactor,
  preparePasskey,
  readAccount,
  removePasskey,
  turnFactorOff,
  turnFactorOn,
} from "../../api/account";
import { type ApiError, asApiError } from "../../api/client";
import { makePasskey } from "../passkeys";

export type Receipt =
  "password" | "sessionEnded" | "factorOn" | "factorOff" | "passkeyAdded" | "passkeyRemoved";

/** One's own account: what there is, and what is done to it, one thing after the other. */
export class AccountDesk {
  account = $state.raw<OwnAccount>();
  refusal = $state.raw<ApiError>();
  receipt = $state<Receipt>();
  /** An app is being set up. */
  setup = $state.raw<FactorSetup>();
  /** Recovery codes, until they are put away. */
  codes = $state.raw<readonly string[]>();
  busy = $state(false);

  load(): Promise<boolean> {
    return this.#change(readAccount);
  }

  changePassword(current: string, password: string): Promise<boolean> {
    return this.#change(() => changePassword(current, password), "password");
  }

  /** Tells whether all sessions have ended. */
  endSessions(): Promise<boolean> {
    return this.#act(endSessions);
  }

  endSession(id: string): Promise<boolean> {
    return this.#change(() => endSession(id), "sessionEnded");
  }

  prepareFactor(password: string): Promise<boolean> {
    return this.#act(async () => {
      this.setup = await prepareFactor(password);
    });
  }

  async turnFactorOn(code: string): Promise<void> {
    if (await this.#made(() => turnFactorOn(code), "factorOn")) this.setup = undefined;
  }

  turnFactorOff(password: string): Promise<boolean> {
    return this.#change(() => turnFactorOff(password), "factorOff");
  }

  newRecoveryCodes(password: string): Promise<boolean> {
    return this.#made(() => newRecoveryCodes(password));
  }

  addPasskey(password: string, label: string): Promise<boolean> {
    return this.#change(async () => {
      const { publicKey } = await preparePasskey(password);
      return addPasskey(label, await makePasskey(publicKey));
    }, "passkeyAdded");
  }

  removePasskey(id: string, password: string): Promise<boolean> {
    return this.#change(() => removePasskey(id, password), "passkeyRemoved");
  }

  #change(action: () => Promise<OwnAccount>, receipt?: Receipt): Promise<boolean> {
    return this.#act(async () => {
      this.account = await action();
      this.receipt = receipt;
    });
  }

  #made(action: () => Promise<MadeCodes>, receipt?: Receipt): Promise<boolean> {
    return this.#act(async () => {
      const { account, codes } = await action();
      this.account = account;
      this.codes = codes;
      this.receipt = receipt;
    });
  }

  /** Tells whether it was done; if not, `refusal` says why. */
  async #act(action: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = this.receipt = undefined;
    try {
      await action();
      return true;
    } catch (error) {
      this.refusal = asApiError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
