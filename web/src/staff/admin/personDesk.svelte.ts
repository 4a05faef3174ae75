import {
  changePerson,
  giveRole,
  invitePerson,
  type HeldRole,
  type PersonView,
  readPerson,
  resetFactor,
  type RoleAt,
  takeRole,
} from "../../api/admin";
import { type ApiError, asApiError } from "../../api/client";
import type { Language } from "../../i18n/languages";

type Receipt =
  | { what: "saved" | "disabled" | "enabled" | "invited" | "reset" }
  | { what: "given"; role: HeldRole }
  | { what: "taken"; role: HeldRole };

/** One account: what is known of it, and what is done to it, one thing after the other. */
export class PersonDesk {
  person = $state.raw<PersonView>();
  refusal = $state.raw<ApiError>();
  receipt = $state.raw<Receipt>();
  busy = $state(false);

  constructor(
    readonly id: string,
    private readonly changed: () => void,
  ) {}

  async load(): Promise<void> {
    this.refusal = undefined;
    await this.#read();
  }

  rename(name: string): Promise<boolean> {
    return this.#act(
      (person) => changePerson(this.id, person.version, { name }),
      () => ({ what: "saved" }),
    );
  }

  disable(disabled: boolean): Promise<boolean> {
    return this.#act(
      (person) => changePerson(this.id, person.version, { disabled }),
      () => ({ what: disabled ? "disabled" : "enabled" }),
    );
  }

  invite(language: Language): Promise<boolean> {
    return this.#act(
      () => invitePerson(this.id, language),
      () => ({ what: "invited" }),
    );
  }

  resetFactor(): Promise<boolean> {
    return this.#act(
      () => resetFactor(this.id),
      () => ({ what: "reset" }),
    );
  }

  give(role: RoleAt): Promise<boolean> {
    return this.#act(
      () => giveRole(this.id, role),
      ({ roles }) => {
        const held = roles.find((one) => one.role === role.role && one.place === role.place);
        return held ? { what: "given", role: held } : { what: "saved" };
      },
    );
  }

  take(role: HeldRole): Promise<boolean> {
    return this.#act(
      () => takeRole(this.id, role),
      () => ({ what: "taken", role }),
    );
  }

  /** Tells whether it was done; if not, `refusal` says why, and what is shown is what there is. */
  async #act(
    action: (person: PersonView) => Promise<PersonView>,
    told: (now: PersonView) => Receipt,
  ): Promise<boolean> {
    if (this.busy || !this.person) return false;
    this.busy = true;
    this.refusal = this.receipt = undefined;
    try {
      this.person = await action(this.person);
      this.receipt = told(this.person);
      this.changed();
      return true;
    } catch (error) {
      const why = asApiError(error);
      if (why.status === 409 || why.status === 404) await this.#read();
      this.refusal = why;
      return false;
    } finally {
      this.busy = false;
    }
  }

  async #read(): Promise<void> {
    try {
      this.person = await readPerson(this.id);
    } catch (error) {
      this.refusal = asApiError(error);
    }
  }
}
