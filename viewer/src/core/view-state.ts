/**
 * What a view is made of, as the text behind the `?` of an address: links and saved views bring all of it back.
 *
 * Each piece has a name and writes itself; whoever adds something to see adds its piece with `keepInViews`.
 */
import { effect, signal } from "@preact/signals";
import { COMPARE, compareView, pair, swipeAt, swiping, timelineAt, VIEWS } from "./compare";
import { NO_FILTER } from "./elements";
import { mode } from "./mode";
import { go, place } from "./route";
import { addSection, sectionBox, sections } from "./sections";
import type { Vec } from "./space";
import { cut, filter, ghosted, hidden, ramp, shows, workspace } from "./state";

/** A camera in the scene's frame, metres. */
export interface CameraPose {
  eye: Vec;
  target: Vec;
}

/** What the 3D view says of itself; there is none before it stands. */
export interface Standpoint {
  pose(): CameraPose;
  /** Vertical field of view, degrees, and width over height. */
  lens(): { field: number; aspect: number };
  /** The middle of the model. */
  middle(): Vec;
  /** The picture as base64 of a PNG. */
  picture(): string;
}

export const standpoint = signal<Standpoint | null>(null);
/** Where the camera is to be; the view goes there. */
export const cameraWanted = signal<CameraPose | null>(null);

export interface Piece {
  readonly name: string;
  /** Nothing where it is as it always is. */
  read(): string;
  write(text: string): void;
}

/** So many hidden elements are named in a link; a saved view names all. */
const MOST_HIDDEN_IN_LINK = 150;
const PLACES = ["epoch", "element", "colour"] as const;
const pieces = new Map<string, Piece>();

/** Let views hold one thing more. */
function keepInViews(piece: Piece): void {
  pieces.set(piece.name, piece);
}

const round = (value: number) => String(Number(value.toFixed(4)));
const numbers = (text: string) =>
  text
    .split(",")
    .map(Number)
    .filter((one) => Number.isFinite(one));

keepInViews({
  name: "cam",
  read: () => {
    const pose = standpoint.peek()?.pose();
    return pose ? [...pose.eye, ...pose.target].map(round).join(",") : "";
  },
  write: (text) => {
    const [a, b, c, d, e, f] = numbers(text);
    if (f === undefined) return;
    cameraWanted.value = {
      eye: [a as number, b as number, c as number],
      target: [d as number, e as number, f],
    };
  },
});
keepInViews({
  name: "cut",
  read: () => (cut.peek() === null ? "" : round(cut.peek() as number)),
  write: (text) => {
    const [height] = numbers(text);
    cut.value = text === "" || height === undefined ? null : height;
  },
});
keepInViews({
  name: "planes",
  read: () =>
    sections
      .peek()
      .map(({ kind, normal, at }) => [kind, ...[...normal, ...at].map(round)].join(","))
      .join("_"),
  write: (text) => {
    sections.value = [];
    for (const one of text ? text.split("_") : []) {
      const [x = 0, y = 0, z = 0, a, b, c] = numbers(one.slice(one.indexOf(",") + 1));
      const kind = one.slice(0, one.indexOf(","));
      if (a === undefined || b === undefined || c === undefined) continue;
      addSection(kind === "x" || kind === "y" || kind === "z" ? kind : "face", [x, y, z], [a, b, c]);
    }
  },
});
keepInViews({
  name: "box",
  read: () => {
    const box = sectionBox.peek();
    return box ? [...box.min, ...box.max].map(round).join(",") : "";
  },
  write: (text) => {
    const [a, b, c, d, e, f] = numbers(text);
    const whole = text !== "" && f !== undefined;
    sectionBox.value = whole
      ? { min: [a as number, b as number, c as number], max: [d as number, e as number, f] }
      : null;
  },
});
keepInViews({
  name: "show",
  read: () => {
    const { model, edges, scan } = shows.peek();
    return model && edges && !scan ? "" : `${model ? "m" : ""}${edges ? "e" : ""}${scan ? "s" : ""}-`;
  },
  write: (text) => {
    const has = (letter: string) => text.includes(letter);
    shows.value = text
      ? { model: has("m"), edges: has("e"), scan: has("s") }
      : { model: true, edges: true, scan: false };
  },
});
keepInViews({
  name: "ramp",
  read: () => {
    const { rangeMm, toleranceMm } = ramp.peek();
    return rangeMm === 30 && toleranceMm === 10 ? "" : `${rangeMm},${toleranceMm}`;
  },
  write: (text) => {
    const [rangeMm = 30, toleranceMm = 10] = text ? numbers(text) : [];
    ramp.value = { rangeMm, toleranceMm };
  },
});
keepInViews({
  name: "ghost",
  read: () => (ghosted.peek() ? "1" : ""),
  write: (text) => {
    ghosted.value = text === "1";
  },
});
keepInViews({
  name: "only",
  read: () => {
    const asked = filter.peek();
    const told = Object.entries(asked).filter(
      ([name, value]) => value !== (NO_FILTER as unknown as typeof asked)[name as keyof typeof asked],
    );
    return told.length ? JSON.stringify(Object.fromEntries(told)) : "";
  },
  write: (text) => {
    const known = new Set(Object.keys(NO_FILTER));
    let told: Record<string, unknown> = {};
    try {
      told = text ? JSON.parse(text) : {};
    } catch {
      // a link that somebody cut short: everything is shown
    }
    const usable = Object.entries(told).filter(
      ([name, value]) => known.has(name) && typeof value === typeof NO_FILTER[name as keyof typeof NO_FILTER],
    );
    filter.value = { ...NO_FILTER, ...Object.fromEntries(usable) };
  },
});
keepInViews({
  name: "hide",
  read: () => {
    const state = workspace.peek();
    if (state.kind !== "ready") return "";
    return [...hidden.peek()].map((id) => state.value.table.rows[id]?.globalId ?? "").join("~");
  },
  write: (text) => {
    const state = workspace.peek();
    if (state.kind !== "ready") return;
    const found = text.split("~").map((globalId) => state.value.table.byGlobalId.get(globalId));
    hidden.value = new Set(found.filter((id) => id !== undefined));
  },
});

/** What is compared, by mode: a timeline's scan, or two scans, how, and where the handle is. */
keepInViews({
  name: "compare",
  read: () => {
    if (mode.peek() !== COMPARE) return "";
    const at = (of: { project: string }) => of.project === place.peek().project;
    const view = compareView.peek();
    if (view === "timeline") return [view, at(timelineAt.peek()) ? timelineAt.peek().epoch : ""].join(",");
    if (view !== "changes") return view;
    const { before, after } = at(pair.peek()) ? pair.peek() : { before: "", after: "" };
    return [view, before, after, swiping.peek() ? round(swipeAt.peek()) : ""].join(",");
  },
  write: (text) => {
    const [view = "", one = "", two = "", at = ""] = text.split(",");
    const known = VIEWS.find((name) => name === view);
    if (!known) {
      if (mode.peek() === COMPARE) mode.value = "";
      return;
    }
    const { project } = place.peek();
    compareView.value = known;
    if (known === "timeline") timelineAt.value = { project, epoch: one };
    if (known === "changes") {
      pair.value = { project, before: one, after: two };
      swiping.value = at !== "";
      if (Number.isFinite(Number(at)) && at !== "") swipeAt.value = Math.min(1, Math.max(0, Number(at)));
    }
    mode.value = COMPARE;
  },
});

/** Return the present view as text. */
export function described(): string {
  const query = new URLSearchParams();
  for (const name of PLACES) if (place.peek()[name]) query.set(name, place.peek()[name]);
  for (const { name, read } of pieces.values()) {
    const text = read();
    if (text) query.set(name, text);
  }
  return query.toString();
}

/** Return the text for a link: shorter than the whole where very many elements are hidden. */
export function forLink(text: string): string {
  const query = new URLSearchParams(text);
  if ((query.get("hide") ?? "").split("~").length > MOST_HIDDEN_IN_LINK) query.delete("hide");
  return query.toString();
}

/** Say whether a text has more to bring back than the address does by itself. */
export function saysMore(text: string): boolean {
  const query = new URLSearchParams(text);
  return [...pieces.keys()].some((name) => query.has(name));
}

let stop: (() => void) | null = null;

/** Bring a view back: at once, or as soon as its scan is loaded. */
export function restore(text: string): void {
  const query = new URLSearchParams(text);
  stop?.();
  go({ epoch: query.get("epoch") ?? "", element: query.get("element") ?? "", colour: query.get("colour") ?? "" });
  let done = false;
  const end = effect(() => {
    const state = workspace.value;
    const asked = query.get("epoch");
    if (done || state.kind !== "ready" || (asked && state.value.scan?.id !== asked)) return;
    done = true;
    // not within the effect: pieces read and write signals
    queueMicrotask(() => {
      end();
      for (const piece of pieces.values()) piece.write(query.get(piece.name) ?? "");
    });
  });
  stop = end;
}
