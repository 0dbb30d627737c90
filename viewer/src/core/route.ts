/** Where somebody is: what the address bar says, so that a link shows another person the same. */
import { signal } from "@preact/signals";

export interface Place {
  project: string;
  epoch: string;
  /** A check to look at instead of the one that counts. */
  check: string;
  element: string;
  colour: string;
  filter: string;
  /** A record that is open over everything: `ncr:ID`, or in its mode: `inspection:ID`. */
  record: string;
}

const NOWHERE: Place = { project: "", epoch: "", check: "", element: "", colour: "", filter: "", record: "" };

const NAMED = ["epoch", "check", "element", "colour", "filter", "record"] as const;

/** What letters call records, and what they are here. */
const LETTERED: Record<string, string> = { ncrs: "ncr", inspections: "inspection" };

/** Return the place that an address names; letters name records as `#/projects/ID/ncrs/ID`. */
export function parsed(location: { pathname: string; search: string; hash: string }): Place {
  const [, inLetter = "", kind = "", id = ""] = /^#\/projects\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(location.hash) ?? [];
  if (inLetter) return { ...NOWHERE, project: inLetter, record: LETTERED[kind] ? `${LETTERED[kind]}:${id}` : "" };
  const [, noun, project = ""] = location.pathname.split("/");
  const query = new URLSearchParams(location.search);
  const told = {
    ...NOWHERE,
    project: noun === "projects" ? decodeURIComponent(project) : "",
  };
  for (const name of NAMED) told[name] = query.get(name) ?? "";
  return told;
}

export function written(place: Place): string {
  if (!place.project) return "/";
  const query = new URLSearchParams();
  for (const name of NAMED) if (place[name]) query.set(name, place[name]);
  const text = query.toString();
  return `/projects/${encodeURIComponent(place.project)}${text ? `?${text}` : ""}`;
}

export const place = signal<Place>(NOWHERE);

let inHash = false;

/** Stay in one project and keep the rest of the place behind the `#`: a page on a disk has no other addresses. */
export function stay(project: string): void {
  inHash = true;
  const read = () => {
    place.value = parsed({ pathname: `/projects/${project}`, search: location.hash.slice(1), hash: "" });
  };
  read();
  addEventListener("hashchange", read);
}

/** Follow the address bar; call once. */
export function follow(): void {
  place.value = parsed(location);
  addEventListener("popstate", () => {
    place.value = parsed(location);
  });
}

/** Go somewhere; small steps (a selection) replace the entry in the history, large ones add one. */
export function go(change: Partial<Place>): void {
  const next = { ...place.value, ...change };
  const larger = next.project !== place.value.project;
  place.value = next;
  const address = inHash ? `#${written(next).split("?")[1] ?? ""}` : written(next);
  history[larger ? "pushState" : "replaceState"](null, "", address);
}
