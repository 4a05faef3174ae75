import type { Me } from "../../api/types";
import type { StaffKey } from "../../i18n/staff";
import type { Texts } from "../../ui";
import {
  asksOrApproves,
  employsAll,
  leads,
  mayExport,
  operates,
  readsAudit,
  seesFigures,
  seesOffices,
} from "./may";
import { pathOf, type Route } from "./route";

type Page = Route["page"];
interface Part {
  readonly pages: readonly Page[];
  readonly href: string;
  readonly label: StaffKey;
  readonly may: (me: Me) => boolean;
}

/** The parts of the administration, in their order. The server decides; here nobody is shown what is not for them. */
const parts: readonly Part[] = [
  {
    pages: ["places", "place", "newPlace"],
    href: pathOf.places("location"),
    label: "admin.organisation",
    may: seesOffices,
  },
  {
    pages: ["people", "person", "newPerson"],
    href: pathOf.people(),
    label: "admin.people",
    may: seesOffices,
  },
  {
    pages: ["substitutes"],
    href: pathOf.substitutes,
    label: "admin.substitutes",
    may: (me) => leads(me).length > 0,
  },
  { pages: ["files"], href: pathOf.files, label: "admin.files", may: mayExport },
  { pages: ["directory"], href: pathOf.directory, label: "admin.directory", may: employsAll },
  { pages: ["approvals"], href: pathOf.approvals, label: "admin.approvals", may: asksOrApproves },
  { pages: ["survey"], href: pathOf.survey, label: "admin.survey", may: seesFigures },
  { pages: ["audit"], href: pathOf.audit, label: "audit.title", may: readsAudit },
  { pages: ["health"], href: pathOf.health, label: "admin.health", may: operates },
];

/** The page that was asked for; where that is not for somebody, the first of those that are. */
export function pageFor(me: Me, asked: Page): Page {
  const mine = parts.filter(({ may }) => may(me));
  if (asked === "unknown") return asked;
  return mine.some(({ pages }) => pages.includes(asked)) ? asked : (mine[0]?.pages[0] ?? "places");
}

export function tabsOf(
  me: Me,
  asked: Page,
  { t }: Texts<StaffKey>,
): { href: string; label: string; current: boolean }[] {
  const shown = pageFor(me, asked);
  return parts
    .filter(({ may }) => may(me))
    .map(({ pages, href, label }) => ({ href, label: t(label), current: pages.includes(shown) }));
}
