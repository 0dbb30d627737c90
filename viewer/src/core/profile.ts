/** A section through model and scan as a drawing: outline, points and their deviations, exaggerated. */
import { signal } from "@preact/signals";
import { add, corner, cross, dot, scale, sub, type Vec } from "./space";

/** The plane of a profile: its places are u along `right` and v along `up` from `origin`, metres. */
export interface ProfilePlane {
  readonly origin: Vec;
  readonly right: Vec;
  readonly up: Vec;
}

export type Direction = "across" | "along" | "level" | "line";
export const DIRECTIONS: readonly Direction[] = ["across", "along", "level", "line"];

export type Segment = readonly [number, number, number, number];

/** A point of the scan in the drawing. */
export interface ProfilePoint {
  readonly u: number;
  readonly v: number;
  /** Signed deviation, metres, as it was measured in space; NaN where it belongs to no element. */
  readonly deviation: number;
  /** Where it is drawn: as far from the outline as `times` what it is; null where no outline is near. */
  readonly drawn: readonly [number, number] | null;
}

export interface Profile {
  readonly outline: readonly Segment[];
  readonly points: readonly ProfilePoint[];
  /** False where not all points in the slab could be read. */
  readonly whole: boolean;
  readonly plane: ProfilePlane;
  readonly thickness: number;
  readonly times: number;
}

export type ProfileState =
  | { kind: "none" | "loading" | "failed" | "empty" | "noOutline" }
  | { kind: "ready"; profile: Profile };

export const profile = signal<ProfileState>({ kind: "none" });
export const direction = signal<Direction>("across");
/** Metres. */
export const thickness = signal(0.05);
export const times = signal(10);
export const TIMES = [1, 5, 10, 20, 50] as const;
/** The two ends of a drawn line, metres in the scene's frame. */
export const line = signal<readonly Vec[]>([]);

/** What is further off than this is another thing, and is not exaggerated, metres. */
const NEAR = 0.15;

function normalOfPlane(plane: ProfilePlane): Vec {
  return cross(plane.right, plane.up);
}

function onPlane(plane: ProfilePlane, place: Vec): [number, number] {
  const from = sub(place, plane.origin);
  return [dot(from, plane.right), dot(from, plane.up)];
}

/** Return the plane through the middle of a box; `across` is upright and across its longer level side. */
export function planeOf(box: { min: readonly number[]; max: readonly number[] }, which: Direction): ProfilePlane {
  const origin = box.min.map((low, k) => (low + (box.max[k] as number)) / 2) as unknown as Vec;
  const [wide, deep] = [0, 1].map((k) => (box.max[k] as number) - (box.min[k] as number)) as [number, number];
  const longer: Vec = wide >= deep ? [1, 0, 0] : [0, 1, 0];
  const shorter: Vec = wide >= deep ? [0, 1, 0] : [1, 0, 0];
  if (which === "level") return { origin, right: [1, 0, 0], up: [0, 1, 0] };
  return { origin, right: which === "along" ? longer : shorter, up: [0, 0, 1] };
}

/** Return the upright plane through a line drawn in plan; null for one without length. */
export function planeThroughLine(a: Vec, b: Vec): ProfilePlane | null {
  const long = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (long < 0.01) return null;
  return { origin: scale(add(a, b), 0.5), right: [(b[0] - a[0]) / long, (b[1] - a[1]) / long, 0], up: [0, 0, 1] };
}

/** Return where a plane cuts triangles, as segments in the plane; a triangle that lies in it gives none. */
export function cutThrough(plane: ProfilePlane, triangles: Float64Array): Segment[] {
  const normal = normalOfPlane(plane);
  const made: Segment[] = [];
  for (let n = 0; n < triangles.length / 9; n += 1) {
    const corners = [corner(triangles, 3 * n), corner(triangles, 3 * n + 1), corner(triangles, 3 * n + 2)] as const;
    const side = corners.map((place) => dot(normal, sub(place, plane.origin)));
    const ends: [number, number][] = [];
    for (const k of [0, 1, 2] as const) {
      const next = ((k + 1) % 3) as 0 | 1 | 2;
      const [a, b] = [side[k] as number, side[next] as number];
      // a corner in the plane belongs to the side above, so that each crossing is told once
      if (a >= 0 === b >= 0) continue;
      const share = a / (a - b);
      ends.push(onPlane(plane, add(scale(corners[k], 1 - share), scale(corners[next], share))));
    }
    const [one, other] = ends;
    if (one && other) made.push([...one, ...other]);
  }
  return made;
}

/** Return the place of the segments that is nearest to a place, null where there are none. */
function nearestOn(outline: readonly Segment[], u: number, v: number): { u: number; v: number; off: number } | null {
  let best: { u: number; v: number; off: number } | null = null;
  for (const [au, av, bu, bv] of outline) {
    const [du, dv] = [bu - au, bv - av];
    const long = du * du + dv * dv;
    const share = long === 0 ? 0 : Math.min(1, Math.max(0, ((u - au) * du + (v - av) * dv) / long));
    const [fu, fv] = [au + share * du, av + share * dv];
    const off = Math.hypot(u - fu, v - fv);
    if (!best || off < best.off) best = { u: fu, v: fv, off };
  }
  return best;
}

/** Draw the points of a slab about a plane against the outline. */
export function drawn(
  plane: ProfilePlane,
  outline: readonly Segment[],
  points: { positions: Float64Array; deviations: Float64Array; whole: boolean },
  thick: number,
  larger: number,
): Profile {
  const normal = normalOfPlane(plane);
  const made: ProfilePoint[] = [];
  for (let k = 0; k < points.deviations.length; k += 1) {
    const place = corner(points.positions, k);
    if (Math.abs(dot(normal, sub(place, plane.origin))) > thick / 2) continue;
    const [u, v] = onPlane(plane, place);
    const foot = nearestOn(outline, u, v);
    const near = foot !== null && foot.off <= NEAR;
    made.push({
      u,
      v,
      deviation: points.deviations[k] as number,
      drawn: near ? [foot.u + larger * (u - foot.u), foot.v + larger * (v - foot.v)] : null,
    });
  }
  return { outline, points: made, whole: points.whole, plane, thickness: thick, times: larger };
}

/** Return the box in space that a slab about an outline needs. */
export function slabBox(plane: ProfilePlane, outline: readonly Segment[], thick: number): { min: Vec; max: Vec } {
  const us = outline.flatMap(([a, , b]) => [a, b]);
  const vs = outline.flatMap(([, a, , b]) => [a, b]);
  const range = (values: number[]) =>
    values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)] as [number, number], [
      Infinity,
      -Infinity,
    ] as [number, number]);
  const [[u0, u1], [v0, v1]] = [range(us), range(vs)];
  const normal = normalOfPlane(plane);
  const corners: Vec[] = [];
  for (const u of [u0 - NEAR, u1 + NEAR])
    for (const v of [v0 - NEAR, v1 + NEAR])
      for (const w of [-thick / 2, thick / 2])
        corners.push(add(plane.origin, add(add(scale(plane.right, u), scale(plane.up, v)), scale(normal, w))));
  const side = (pick: (...values: number[]) => number) =>
    [0, 1, 2].map((k) => pick(...corners.map((c) => c[k as 0 | 1 | 2]))) as unknown as Vec;
  return { min: side(Math.min), max: side(Math.max) };
}

/** Return a profile as CSV: metres in the plane, deviations in millimetres, segments and points. */
export function csvOf({ outline, points }: Profile): string {
  const mm = (value: number) => (Number.isNaN(value) ? "" : (value * 1000).toFixed(1));
  const rows = [
    "kind,u_m,v_m,to_u_m,to_v_m,deviation_mm",
    ...outline.map((ends) => `outline,${ends.map((value) => value.toFixed(5)).join(",")},`),
    ...points.map((one) => `point,${one.u.toFixed(5)},${one.v.toFixed(5)},,,${mm(one.deviation)}`),
  ];
  return `${rows.join("\r\n")}\r\n`;
}
