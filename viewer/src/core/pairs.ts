/** The pairs that somebody picks to register by hand: kept in this browser until a check has run with them. */
import { computed, signal } from "@preact/signals";
import { unsent } from "./records";
import { type Asked, type Fit, fitPairs, type Lack, type Pose } from "./rigid";
import type { Vec } from "./space";

export type Side = "design" | "scan";
/** What a point was drawn to; `corner` is sharp in all directions. */
export type Snap = "corner" | "edge" | "face" | "point";

export interface Place {
  /** Metres as in the file. */
  readonly at: Vec;
  readonly snap: Snap;
}

export interface Pair {
  readonly name: string;
  readonly design: Place | null;
  readonly scan: Place | null;
}

export type Pairs = readonly Pair[];

/** Sharp corners are picked to millimetres; on edges and faces a point slides. */
const SHARP = 0.006;
const BLUNT = 0.02;
const MOST = 26;

export interface Desk {
  readonly past: readonly Pairs[];
  readonly pairs: Pairs;
  readonly future: readonly Pairs[];
}

export const EMPTY: Desk = { past: [], pairs: [], future: [] };

/** Return the name that is free first: A to Z. */
export function freeName(pairs: Pairs): string {
  const used = new Set(pairs.map((pair) => pair.name));
  return [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((name) => !used.has(name)) ?? "";
}

/** Put a point into the pair that lacks this side, else begin another pair; one that is `open` on this side moves. */
export function placed(pairs: Pairs, side: Side, place: Place): Pairs {
  const half = pairs.find((pair) => pair[side] === null);
  if (half) return pairs.map((pair) => (pair === half ? { ...pair, [side]: place } : pair));
  const waiting = pairs.find((pair) => pair[side === "design" ? "scan" : "design"] === null);
  if (waiting) return pairs.map((pair) => (pair === waiting ? { ...pair, [side]: place } : pair));
  if (pairs.length >= MOST) return pairs;
  const fresh: Pair = { name: freeName(pairs), design: null, scan: null };
  return [...pairs, { ...fresh, [side]: place }];
}

export function changed(desk: Desk, pairs: Pairs): Desk {
  return pairs === desk.pairs ? desk : { past: [...desk.past, desk.pairs].slice(-100), pairs, future: [] };
}

export function undone(desk: Desk): Desk {
  const before = desk.past.at(-1);
  return before ? { past: desk.past.slice(0, -1), pairs: before, future: [desk.pairs, ...desk.future] } : desk;
}

export function redone(desk: Desk): Desk {
  const [next, ...future] = desk.future;
  return next ? { past: [...desk.past, desk.pairs], pairs: next, future } : desk;
}

export const isWhole = (pair: Pair): pair is Pair & { design: Place; scan: Place } => !!pair.design && !!pair.scan;

export function sigmaOf(pair: Pair): number {
  return pair.design?.snap === "corner" && pair.scan?.snap === "corner" ? SHARP : BLUNT;
}

export function askedOf(pairs: Pairs): Asked[] {
  return pairs.filter(isWhole).map((pair) => ({ scan: pair.scan.at, design: pair.design.at, sigma: sigmaOf(pair) }));
}

/** Return what was written for a later time; nothing where it is not understood. */
export function readPairs(text: string): { pairs: Pairs; level: boolean } {
  try {
    const told = JSON.parse(text) as { pairs: Pairs; level: boolean };
    const isPlace = (place: Place | null) =>
      place === null || (place.at.length === 3 && place.at.every((value) => Number.isFinite(value)));
    if (told.pairs.every((pair) => pair.name && isPlace(pair.design) && isPlace(pair.scan)))
      return { pairs: told.pairs, level: told.level === true };
  } catch {
    // what an earlier version wrote, or nothing
  }
  return { pairs: [], level: true };
}

export const desk = signal<Desk>(EMPTY);
/** The scan's z is up, as of a levelled scanner: the fit only turns about z. */
export const level = signal(true);
/** Move both cameras together, as soon as there is a pose. */
export const together = signal(true);
/** Which pose brings the scan onto the model in the view: `fit`, a rival by its number, or none. */
export const shownPose = signal<"" | "fit" | number>("");
export const colouring = signal<"shape" | "intensity" | "height">("shape");
/** A pair to look at; views go there when it changes. */
export const regarded = signal("");

export const pairs = computed(() => desk.value.pairs);
export const fit = computed<Fit | Lack>(() => fitPairs(askedOf(pairs.value), level.value));
/** The poses to choose from, of the check that was refused: the best found first. */
export const rivals = signal<readonly { pose: Pose; score: number | null; metres: number; degrees: number }[]>([]);
export const pose = computed<Pose | null>(() => {
  const shown = shownPose.value;
  if (typeof shown === "number") return rivals.value[shown]?.pose ?? null;
  return typeof fit.value === "string" ? null : fit.value.pose;
});

let epoch = "";

/** Take up what was left undone of a scan. */
export function takeUp(scan: string): void {
  if (scan === epoch) return;
  epoch = scan;
  const kept = readPairs(unsent.read(`pairs.${scan}`));
  desk.value = { ...EMPTY, pairs: kept.pairs };
  level.value = kept.level;
  shownPose.value = "";
  rivals.value = [];
}

function keep(): void {
  const { pairs } = desk.value;
  unsent.keep(`pairs.${epoch}`, pairs.length ? JSON.stringify({ pairs, level: level.value }) : "");
}

export function place(side: Side, at: Place): void {
  desk.value = changed(desk.value, placed(pairs.value, side, at));
  keep();
}

export function remove(name: string): void {
  desk.value = changed(
    desk.value,
    pairs.value.filter((pair) => pair.name !== name),
  );
  keep();
}

export function clear(): void {
  desk.value = changed(desk.value, []);
  keep();
}

export function undo(): void {
  desk.value = undone(desk.value);
  keep();
}

export function redo(): void {
  desk.value = redone(desk.value);
  keep();
}

export function hold(upright: boolean): void {
  level.value = upright;
  keep();
}
