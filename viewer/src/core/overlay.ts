/**
 * What a simulation has to show over the model: a value per element, elements that come, go and move in time, clashes.
 *
 * One JSON document, `"schema": "qtems.overlay/1"` (docs/file-formats.md). Elements are named by GlobalId; places are
 * metres in the model file's own coordinates, moves metres along its axes. Nothing here knows how it is drawn.
 */
import { computed, signal } from "@preact/signals";
import type { Rgb } from "./palette";
import { add, scale, sub, type Vec } from "./space";

export const SCHEMA = "qtems.overlay/1";

/** How an element is from a moment on; what is left out stays as it was. */
export interface Key {
  /** Seconds from the beginning. */
  readonly t: number;
  readonly visible?: boolean;
  readonly colour?: Rgb;
  /** In words, such as "blocked"; shown beside the element. */
  readonly state?: string;
  /** Away from its designed place; between two keys it goes evenly. */
  readonly move?: Vec;
}

export interface Track {
  readonly element: string;
  /** In the order of time. */
  readonly keys: readonly Key[];
}

/** What is said of space beside an element that has to be free. */
export interface Space {
  /** Name of its rule. */
  readonly rule: string;
  /** Side of the element: front, above, swing ... */
  readonly towards: string;
  readonly distanceMm: number;
  /** Least way from the face to what stands there. */
  readonly freeMm: number;
  /** What stands there is no closed solid: its faces were looked at. */
  readonly byFaces: boolean;
}

export interface Clash {
  readonly id: string;
  readonly elements: readonly [string, string];
  readonly at: Vec;
  readonly depthMm: number | null;
  readonly label: string;
  /** Corners of the box beside the first element that has to be free: four at its face, then those opposite. */
  readonly box?: readonly Vec[];
  readonly space?: Space;
  /** Of sharing volume, where places are uncertain. */
  readonly probability?: number;
}

export interface Values {
  readonly name: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly of: ReadonlyMap<string, number>;
}

export interface Overlay {
  readonly title: string;
  readonly seconds: number;
  readonly values: Values | null;
  readonly tracks: readonly Track[];
  readonly clashes: readonly Clash[];
}

/** How an element is at a moment. */
export interface Look {
  readonly visible: boolean;
  readonly colour: Rgb | null;
  readonly state: string;
  readonly move: Vec;
}

/** What is wrong with a document, with the place in it. */
export class OverlayFault extends Error {}

type Json = Record<string, unknown>;

/** Return the overlay that a document holds. */
export function overlayOf(text: string): Overlay {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    throw new OverlayFault("no JSON");
  }
  const document = record(told, "document");
  if (document["schema"] !== SCHEMA) throw new OverlayFault(`schema: ${String(document["schema"])}, not ${SCHEMA}`);
  const tracks = items(document["tracks"], "tracks").map((one, n) => trackOf(one, `tracks[${n}]`));
  const last = Math.max(0, ...tracks.map((track) => track.keys.at(-1)?.t ?? 0));
  const seconds = document["duration_s"] === undefined ? last : finite(document["duration_s"], "duration_s");
  if (seconds < last) throw new OverlayFault(`duration_s: ${seconds}, but there is a key at ${last}`);
  return {
    title: words(document["title"] ?? "", "title"),
    seconds,
    values: document["values"] === undefined ? null : valuesOf(record(document["values"], "values")),
    tracks,
    clashes: items(document["clashes"], "clashes").map((one, n) => clashOf(one, `clashes[${n}]`)),
  };
}

function trackOf(one: unknown, at: string): Track {
  const told = record(one, at);
  const keys = items(told["keys"], `${at}.keys`).map((key, n) => keyOf(key, `${at}.keys[${n}]`));
  if (keys.length === 0) throw new OverlayFault(`${at}.keys: none`);
  for (const [n, key] of keys.entries()) {
    if (n > 0 && key.t <= (keys[n - 1]?.t ?? 0)) throw new OverlayFault(`${at}.keys[${n}].t: not after the one before`);
  }
  return { element: named(told["element"], `${at}.element`), keys };
}

function keyOf(one: unknown, at: string): Key {
  const { t, visible, colour, state, move_m: move, ...rest } = record(one, at);
  // what this version does not know must not look as if it were shown
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new OverlayFault(`${at}.${unknown}: not known to ${SCHEMA}`);
  const time = finite(t, `${at}.t`);
  if (time < 0) throw new OverlayFault(`${at}.t: before the beginning`);
  if (visible !== undefined && typeof visible !== "boolean") throw new OverlayFault(`${at}.visible: not true or false`);
  return {
    t: time,
    ...(visible !== undefined && { visible }),
    ...(colour !== undefined && { colour: rgb(colour, `${at}.colour`) }),
    ...(state !== undefined && { state: words(state, `${at}.state`) }),
    ...(move !== undefined && { move: vec(move, `${at}.move_m`) }),
  };
}

function clashOf(one: unknown, at: string): Clash {
  const told = record(one, at);
  const [first, second, ...more] = items(told["elements"], `${at}.elements`);
  if (more.length > 0) throw new OverlayFault(`${at}.elements: not two`);
  const depth = told["depth_mm"];
  const box = items(told["space_m"], `${at}.space_m`).map((one, n) => vec(one, `${at}.space_m[${n}]`));
  if (box.length !== 0 && box.length !== 8) throw new OverlayFault(`${at}.space_m: not eight corners`);
  const share = told["probability"];
  return {
    id: named(told["id"], `${at}.id`),
    elements: [named(first, `${at}.elements[0]`), named(second, `${at}.elements[1]`)],
    at: vec(told["at_m"], `${at}.at_m`),
    depthMm: depth === undefined || depth === null ? null : finite(depth, `${at}.depth_mm`),
    label: words(told["label"] ?? "", `${at}.label`),
    ...(box.length === 8 && { box }),
    ...(told["space"] !== undefined && { space: spaceOf(told["space"], `${at}.space`) }),
    ...(share !== undefined && { probability: finite(share, `${at}.probability`) }),
  };
}

function spaceOf(one: unknown, at: string): Space {
  const told = record(one, at);
  return {
    rule: words(told["rule"], `${at}.rule`),
    towards: words(told["towards"], `${at}.towards`),
    distanceMm: finite(told["distance_mm"], `${at}.distance_mm`),
    freeMm: finite(told["free_mm"], `${at}.free_mm`),
    byFaces: told["by_faces"] === true,
  };
}

function valuesOf(told: Json): Values {
  const of = Object.entries(record(told["elements"], "values.elements")).map(
    ([element, value]) => [element, finite(value, `values.elements.${element}`)] as const,
  );
  const [low, high] = [finite(told["low"], "values.low"), finite(told["high"], "values.high")];
  if (low >= high) throw new OverlayFault("values.high: not above values.low");
  return {
    name: words(told["name"], "values.name"),
    unit: words(told["unit"] ?? "", "values.unit"),
    low,
    high,
    of: new Map(of),
  };
}

function record(value: unknown, at: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new OverlayFault(`${at}: no object`);
  return value as Json;
}

function items(value: unknown, at: string): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new OverlayFault(`${at}: no list`);
  return value;
}

function finite(value: unknown, at: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new OverlayFault(`${at}: no number`);
  return value;
}

function words(value: unknown, at: string): string {
  if (typeof value !== "string" || value.length > 500)
    throw new OverlayFault(`${at}: no text of at most 500 characters`);
  return value;
}

function named(value: unknown, at: string): string {
  const text = words(value, at);
  if (text === "") throw new OverlayFault(`${at}: empty`);
  return text;
}

function vec(value: unknown, at: string): Vec {
  const found = items(value, at).map((one) => finite(one, at));
  if (found.length !== 3) throw new OverlayFault(`${at}: not three numbers`);
  return found as unknown as Vec;
}

function rgb(value: unknown, at: string): Rgb {
  const [, r, g, b] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(words(value, at)) ?? [];
  if (r === undefined || g === undefined || b === undefined) throw new OverlayFault(`${at}: no colour such as #d55e00`);
  return [Number.parseInt(r, 16), Number.parseInt(g, 16), Number.parseInt(b, 16)];
}

const STILL: Vec = [0, 0, 0];

/** Return how an element is at a moment: before its first key as that says, or as designed where it says nothing. */
export function lookAt(track: Track, t: number): Look {
  let [visible, colour, state] = [true, null as Rgb | null, ""];
  let [from, to]: [Key | null, Key | null] = [null, null];
  for (const key of track.keys) {
    const past = key.t <= t || key === track.keys[0];
    if (past) {
      visible = key.visible ?? visible;
      colour = key.colour ?? colour;
      state = key.state ?? state;
    }
    if (key.move && past) from = key;
    if (key.move && key.t > t && !to) to = key;
  }
  const start = from?.move ?? STILL;
  if (!from || !to?.move || from === to) return { visible, colour, state, move: start };
  const share = Math.max(0, (t - from.t) / (to.t - from.t));
  return { visible, colour, state, move: add(start, scale(sub(to.move, start), share)) };
}

/** Return the moments at which something changes, from 0 to the end: where one steps who wants no motion. */
export function moments(overlay: Overlay): number[] {
  const all = [0, overlay.seconds, ...overlay.tracks.flatMap((track) => track.keys.map((key) => key.t))];
  return [...new Set(all)].sort((a, b) => a - b);
}

/** A part that cannot come to its place, and when that is seen. */
export interface Blocked {
  readonly element: string;
  readonly t: number;
}

/** Return what is blocked, in the order of time. */
export function blockedIn(overlay: Overlay): Blocked[] {
  const found = overlay.tracks.flatMap(({ element, keys }) => {
    const key = keys.find((one) => one.state === "blocked");
    return key ? [{ element, t: key.t }] : [];
  });
  return found.sort((one, other) => one.t - other.t);
}

/** A step of an order: what comes to its place together, and when it is there. */
export interface Arrival {
  readonly elements: readonly string[];
  readonly t: number;
}

/** Return the steps in which elements come, in the order of time; none where nothing comes. */
export function arrivalsIn(overlay: Overlay): Arrival[] {
  const found = new Map<number, string[]>();
  for (const { element, keys } of overlay.tracks) {
    const comes = keys.findIndex((one) => one.visible);
    if (comes < 0) continue;
    const there = keys.find((one, n) => n >= comes && one.state !== undefined) ?? (keys[comes] as Key);
    found.set(there.t, [...(found.get(there.t) ?? []), element]);
  }
  return [...found].map(([t, elements]) => ({ t, elements })).sort((one, other) => one.t - other.t);
}

/** Return the place of the step that is under way at a moment, or has just ended; the last one after all of them. */
export function arrivalAt(arrivals: readonly Arrival[], t: number): number {
  const at = arrivals.findIndex((one) => t <= one.t + 1e-9);
  return at < 0 ? arrivals.length - 1 : at;
}

export const CLASH_ORDERS = ["depth", "kind", "name"] as const;
export type ClashOrder = (typeof CLASH_ORDERS)[number];

/** Return clashes as they are listed: the deepest first (those without a depth last), by kind, or by name. */
export function clashesBy(order: ClashOrder, clashes: readonly Clash[], name: (id: string) => string): Clash[] {
  if (order === "kind") return [...clashes]; // the server sends the kinds by how serious they are
  const deepest = (one: Clash, other: Clash) => (other.depthMm ?? -1) - (one.depthMm ?? -1);
  if (order === "depth") return [...clashes].sort(deepest);
  const said = new Map(clashes.map((one) => [one, one.elements.map(name).join(" ")]));
  const collator = new Intl.Collator(undefined, { numeric: true });
  return [...clashes].sort(
    (one, other) => collator.compare(said.get(one) ?? "", said.get(other) ?? "") || deepest(one, other),
  );
}

/** Return what the colours of the elements that move mean, each once: how they end, in the colour that they have then. */
export function coloursOf(overlay: Overlay): { state: string; colour: Rgb }[] {
  const found = new Map<string, { state: string; colour: Rgb }>();
  for (const { keys } of overlay.tracks) {
    const state = keys.findLast((one) => one.state !== undefined)?.state ?? "";
    const colour = keys.findLast((one) => one.colour !== undefined)?.colour;
    if (colour) found.set(`${state} ${colour}`, { state, colour });
  }
  return [...found.values()];
}

const LOW: Rgb = [255, 247, 220];
const HIGH: Rgb = [122, 1, 119];

/** Return the colour of a value: pale for low, dark for high, so that it can be read in grey. */
export function shade(values: Values, value: number): Rgb {
  const share = Math.max(0, Math.min(1, (value - values.low) / (values.high - values.low)));
  return [0, 1, 2].map((k) =>
    Math.round((LOW[k] as number) + share * ((HIGH[k] as number) - (LOW[k] as number))),
  ) as unknown as Rgb;
}

export const overlay = signal<Overlay | null>(null);
/** Seconds from the beginning. */
export const moment = signal(0);
export const playing = signal(false);

/** The clash that somebody looks at: both its parts alone, each in a colour of its own. */
export const clashShown = signal<Clash | null>(null);
export const CLASH_COLOURS: readonly [Rgb, Rgb] = [
  [0, 114, 178],
  [230, 159, 0],
];

/** GlobalId -> colour of the two parts of the clash that is looked at; null for none. */
export const clashing = computed<ReadonlyMap<string, Rgb> | null>(() => {
  const shown = clashShown.value;
  return shown && new Map(shown.elements.map((id, n) => [id, CLASH_COLOURS[n === 0 ? 0 : 1]]));
});

/** How each element that the overlay speaks of is now, by GlobalId; null while there is none. */
export const looks = computed<ReadonlyMap<string, Look> | null>(() => {
  const shown = overlay.value;
  if (!shown) return null;
  const found = new Map<string, Look>();
  for (const [element, value] of shown.values?.of ?? [])
    found.set(element, { visible: true, colour: shade(shown.values as Values, value), state: "", move: STILL });
  for (const track of shown.tracks) {
    const look = lookAt(track, moment.value);
    found.set(track.element, { ...look, colour: look.colour ?? found.get(track.element)?.colour ?? null });
  }
  return found;
});

/** True while the colours are those of an overlay: elements that it does not speak of are to stay out of them. */
export const recoloured = computed(() => {
  const shown = overlay.value;
  return shown !== null && (shown.values !== null || shown.tracks.length > 0);
});

/** Show an overlay from its beginning, or none. */
export function showOverlay(next: Overlay | null): void {
  overlay.value = next;
  clashShown.value = null;
  moment.value = 0;
  playing.value = false;
}
