import type { Change, FileKind, Imported } from "../../api/admin";
import type { Role } from "../../api/types";
import type { StaffKey } from "../../i18n/staff";
import type { Texts } from "../../ui";
import { roleSentence } from "./sentences";

/** In the order in which an import writes them. */
const kinds: readonly FileKind[] = ["departments", "locations", "desks", "services", "staff", "roles"];

const names: Readonly<Record<string, StaffKey>> = {
  name: "admin.field.name",
  name_de: "admin.field.nameDe",
  name_en: "admin.field.nameEn",
  city: "admin.field.city",
  phone: "admin.field.phone",
  department: "admin.field.department",
  location: "admin.field.location",
  minutes: "admin.field.minutes",
  early_minutes: "admin.field.earlyMinutes",
  late_minutes: "admin.field.lateMinutes",
};

/** "Standorte: 3 neu, 1 geschlossen", one for each kind. */
export function countsOf({ counts }: Imported, { t }: Texts<StaffKey>): { label: string; value: string }[] {
  return kinds.flatMap((kind) => {
    const of = counts[kind];
    const said = (["new", "changed", "closed", "reopened"] as const).flatMap((what) =>
      of?.[what] ? [t("admin.import.count", { what, kind, n: of[what] })] : [],
    );
    return said.length > 0 ? [{ label: t("admin.import.kind", { kind }), value: said.join(", ") }] : [];
  });
}

/** "Team JUG-LIN"; a role as the sentence that it is elsewhere, too. */
export function entryOf({ kind, key }: Change, texts: Texts<StaffKey>): string {
  if (kind !== "roles") return texts.t("admin.import.one", { kind, key: key.join(" ") });
  const [email = "", role = "advisor", at = "agency", place = ""] = key;
  const held = { role: role as Role, kind: at as "agency" | "department" | "location" | "desk", name: place };
  return `${email}: ${roleSentence(held, texts)}`;
}

/** What it is given, or how it changes. That it is closed or open is said already. */
export function fieldsOf({ what, fields }: Change, { t }: Texts<StaffKey>): string {
  return (fields ?? [])
    .filter(({ name, to }) => name in names && (what !== "new" || to !== ""))
    .map(({ name, from, to }) => {
      const key = names[name];
      const label = key ? t(key) : name;
      const shown = (text: string): string => (text === "" ? t("admin.import.emptied") : text);
      return what === "new"
        ? t("admin.import.field", { name: label, to })
        : t("admin.import.fieldFrom", { name: label, from: shown(from), to: shown(to) });
    })
    .join(" · ");
}
