import type { Level, RoleAt } from "../../api/admin";
import type { Me, Role } from "../../api/types";
import { givable, levelsOf } from "./may";

/** A role that is being chosen: which, at what level, and where there. */
export class RoleDraft {
  role = $state<Role | "">("");
  place = $state("");
  /** Of what is chosen already. */
  name = $state("");
  wrong = $state(false);
  #chosen = $state<Level>("desk");

  readonly roles: readonly Role[];
  readonly levels = $derived(this.role === "" ? [] : levelsOf(this.role));
  /** A role that cannot be held where the one before could is held at the first level it has. */
  readonly level = $derived(this.levels.includes(this.#chosen) ? this.#chosen : this.levels[0]);

  constructor(
    private readonly me: Pick<Me, "roles">,
    first: Role | "" = "advisor",
  ) {
    this.roles = givable(me);
    this.role = this.roles.includes("advisor") ? first : "";
  }

  /** Another level has other places. */
  choose(level: Level): void {
    this.#chosen = level;
    this.forget();
  }

  /** Begins at a place. */
  begin(level: Level, place: string, name: string): void {
    this.#chosen = level;
    this.place = place;
    this.name = name;
  }

  forget(): void {
    this.place = this.name = "";
    this.wrong = false;
  }

  /** What is chosen; undefined while something is missing. */
  get value(): RoleAt | undefined {
    if (this.role === "") return undefined;
    const place =
      this.level === "agency" ? this.me.roles.find(({ kind }) => kind === "agency")?.place : this.place;
    this.wrong = place === undefined || place === "";
    return this.wrong || place === undefined ? undefined : { role: this.role, place };
  }
}
