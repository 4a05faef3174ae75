import type { PlaceKind } from "../../api/admin";

/** What an address of the admin pages shows. Nothing personal stands in one: ids, and no names. */
export type Route =
  | { page: "places"; kind: PlaceKind }
  | { page: "place"; id: string }
  | { page: "newPlace"; kind: PlaceKind; within: string }
  | { page: "people"; place: string }
  | { page: "person"; id: string }
  | { page: "newPerson"; place: string }
  | { page: "substitutes" }
  | { page: "audit" | "health" | "survey" }
  | { page: "files" | "directory" | "approvals" }
  | { page: "unknown" };

export const home = "/staff/admin";

/** The lists of places by the word for them in an address, in the order in which they stand on the page. */
const lists = {
  locations: "location",
  desks: "desk",
  departments: "department",
  services: "service",
} as const;

export const placeKinds: readonly PlaceKind[] = Object.values(lists);

export function isAdmin(path: string): boolean {
  return path === home || path.startsWith(`${home}/`);
}

export function routeOf({ pathname, search }: { pathname: string; search: string }): Route {
  const [page = "", id = "", more] = pathname.slice(home.length + 1).split("/");
  const query = new URLSearchParams(search);
  if (more === undefined) {
    if (page === "places" && id) return { page: "place", id };
    if (page === "new" && id in lists)
      return { page: "newPlace", kind: lists[id as keyof typeof lists], within: query.get("in") ?? "" };
    if (page === "people" && id === "new") return { page: "newPerson", place: query.get("at") ?? "" };
    if (page === "people" && id) return { page: "person", id };
    if (page === "people") return { page: "people", place: query.get("at") ?? "" };
    if (
      page === "files" ||
      page === "substitutes" ||
      page === "audit" ||
      page === "health" ||
      page === "survey" ||
      page === "directory" ||
      page === "approvals"
    )
      return { page };
    if (page in lists) return { page: "places", kind: lists[page as keyof typeof lists] };
  }
  const first = [home, `${home}/`].includes(pathname);
  return first ? { page: "places", kind: "location" } : { page: "unknown" };
}

const wordFor = (kind: PlaceKind): string =>
  Object.entries(lists).find(([, of]) => of === kind)?.[0] ?? "locations";

const query = (name: string, value: string): string =>
  value === "" ? "" : `?${name}=${encodeURIComponent(value)}`;

export const pathOf = {
  places: (kind: PlaceKind): string => `${home}/${wordFor(kind)}`,
  place: (id: string): string => `${home}/places/${encodeURIComponent(id)}`,
  newPlace: (kind: PlaceKind, within = ""): string => `${home}/new/${wordFor(kind)}${query("in", within)}`,
  people: (place = ""): string => `${home}/people${query("at", place)}`,
  person: (id: string): string => `${home}/people/${encodeURIComponent(id)}`,
  newPerson: (place = ""): string => `${home}/people/new${query("at", place)}`,
  substitutes: `${home}/substitutes`,
  audit: `${home}/audit`,
  health: `${home}/health`,
  survey: `${home}/survey`,
  files: `${home}/files`,
  directory: `${home}/directory`,
  approvals: `${home}/approvals`,
};
