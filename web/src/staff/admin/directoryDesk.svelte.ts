import type { RoleAt } from "../../api/admin";
import { type ApiError, asApiError } from "../../api/client";
import {
  addRule,
  type Directory,
  dropRule,
  dropToken,
  makeToken,
  readDirectory,
  setGuard,
} from "../../api/directory";

/** The agency's directory: what is set, and what is done about it, one thing after the other. */
export class DirectoryDesk {
  directory = $state.raw<Directory>();
  refusal = $state.raw<ApiError>();
  /** A token that was made just now; it is never shown again. */
  token = $state<string>();
  busy = $state(false);

  load(): Promise<boolean> {
    return this.#act(readDirectory);
  }

  make(label: string): Promise<boolean> {
    return this.#act(async () => {
      const made = await makeToken(label);
      this.token = made.token;
      return made;
    });
  }

  revoke(id: string): Promise<boolean> {
    this.token = undefined;
    return this.#act(() => dropToken(id));
  }

  add(group: string, role: RoleAt): Promise<boolean> {
    return this.#act(() => addRule(group, role));
  }

  drop(id: string): Promise<boolean> {
    return this.#act(() => dropRule(id));
  }

  decide(allow: boolean): Promise<boolean> {
    return this.#act(() => setGuard({ allow }));
  }

  share(share: number): Promise<boolean> {
    return this.#act(() => setGuard({ share }));
  }

  async #act(action: () => Promise<Directory>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = undefined;
    try {
      this.directory = await action();
      return true;
    } catch (error) {
      this.refusal = asApiError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
