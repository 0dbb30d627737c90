/** Measuring in the view: what is asked for, what was measured, and how a number comes about. */
import { signal } from "@preact/signals";
import { add, cross, distance, dot, length, scale, sub, unit, type Vec } from "./space";

export type Tool = "points" | "plane" | "scan" | "angle";
export const TOOLS: readonly Tool[] = ["points", "plane", "scan", "angle"];
/** How many places a tool takes. */
export const PLACES: Record<Tool, number> = { points: 2, plane: 2, scan: 1, angle: 3 };

/** A place that was tapped. */
export interface Place {
  readonly position: Vec;
  readonly kind: "model" | "scan";
  readonly snap: string;
  readonly normal?: Vec;
  readonly featureId: number | null;
}

/** A number of a measurement, metres or radians; null where it cannot be said. */
export interface Figure {
  readonly name: "total" | "horizontal" | "vertical" | "perpendicular" | "angle" | "spread" | "uncertainty";
  readonly value: number | null;
  /** True where something that is not known would make it larger. */
  readonly atLeast?: boolean;
}

export interface Measured {
  readonly id: number;
  readonly tool: Tool;
  readonly places: readonly Place[];
  readonly figures: readonly Figure[];
  /** Ends of the lines that show it. */
  readonly lines: readonly (readonly [Vec, Vec])[];
  readonly label: Vec;
  /** Points of the scan behind it. */
  readonly count?: number;
  /** Whether the uncertainty holds the registration. */
  readonly registered?: boolean;
}

export const tool = signal<Tool>("points");
export const pending = signal<readonly Place[]>([]);
export const measures = signal<readonly Measured[]>([]);
/** What is said of the last tap, a key of the words; empty for nothing. */
export const said = signal<"" | "measureNothing" | "measureFace" | "measureFew" | "measureLoading" | "measureFailed">(
  "",
);
/** Radius of the patch of scan points about a tapped place, metres. */
export const patch = signal(0.1);

let last = 0;

export function keep(measured: Omit<Measured, "id">): void {
  last += 1;
  measures.value = [...measures.value, { ...measured, id: last }];
}

export function forget(id: number): void {
  measures.value = measures.value.filter((one) => one.id !== id);
}

export function choose(which: Tool): void {
  tool.value = which;
  pending.value = [];
  said.value = "";
}

type Made = Omit<Measured, "id">;

/** Measure from point to point: in all, level and upright. */
export function betweenPoints(places: readonly [Place, Place]): Made {
  const [a, b] = [places[0].position, places[1].position];
  const foot: Vec = [b[0], b[1], a[2]];
  return {
    tool: "points",
    places,
    figures: [
      { name: "total", value: distance(a, b) },
      { name: "horizontal", value: Math.hypot(b[0] - a[0], b[1] - a[1]) },
      { name: "vertical", value: Math.abs(b[2] - a[2]) },
    ],
    lines: [[a, b], [a, foot], [foot, b]],
    label: scale(add(a, b), 0.5),
  }; // biome-ignore format: pairs
}

/** Measure how far the second place is from the plane of the face at the first. */
export function fromPlane(places: readonly [Place, Place]): Made | null {
  const [face, point] = places;
  if (!face.normal) return null;
  const off = dot(face.normal, sub(point.position, face.position));
  const foot = sub(point.position, scale(face.normal, off));
  return {
    tool: "plane",
    places,
    figures: [{ name: "perpendicular", value: off }],
    lines: [[foot, point.position], [face.position, foot]],
    label: scale(add(foot, point.position), 0.5),
  }; // biome-ignore format: pairs
}

/** Measure the angle at the second of three places; null where two of them are one. */
export function angleAt(places: readonly [Place, Place, Place]): Made | null {
  const [a, at, b] = [places[0].position, places[1].position, places[2].position];
  const [one, other] = [sub(a, at), sub(b, at)];
  if (length(one) < 1e-6 || length(other) < 1e-6) return null;
  return {
    tool: "angle",
    places,
    figures: [{ name: "angle", value: Math.atan2(length(cross(one, other)), dot(one, other)) }],
    lines: [[a, at], [at, b]],
    label: at,
  }; // biome-ignore format: pairs
}

/** What the points about a place of a face say of it. */
export interface Patch {
  /** Signed distance along the normal at the place, metres; positive is outside. */
  readonly offset: number;
  /** Normal of the local plane, towards that of the face. */
  readonly normal: Vec;
  /** Standard deviation of the points about the local plane, metres. */
  readonly spread: number;
  readonly count: number;
  /** Standard uncertainty of the offset from the spread alone: that of the plane at the place. */
  readonly standard: number;
}

export const FEWEST = 12;

/** Places of the model and of the tiles are rounded: to 0.06 mm and to a 65536th of a tile's box, metres. */
const ROUNDING = 0.0001;

/**
 * Fit a plane to the points about a place of a face, and say how far it is from the face there.
 *
 * Points in the tangent disc of `radius` and no further than `reach` off are taken; w = a + b u + c v by least squares,
 * thrice, without what is off by more than three times the median deviation. Null for fewer than twelve points, or where
 * they do not span a plane.
 */
export function localPlane(at: Vec, normal: Vec, points: Float64Array, radius: number, reach: number): Patch | null {
  const helper: Vec = Math.abs(normal[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const eu = unit(cross(helper, normal));
  const ev = cross(normal, eu);
  let rows: [number, number, number][] = [];
  for (let k = 0; k + 2 < points.length; k += 3) {
    const from = sub([points[k] as number, points[k + 1] as number, points[k + 2] as number], at);
    const [u, v, w] = [dot(from, eu), dot(from, ev), dot(from, normal)];
    if (u * u + v * v <= radius * radius && Math.abs(w) <= reach) rows.push([u, v, w]);
  }
  let fit = planeThrough(rows);
  for (let round = 0; fit && round < 3; round += 1) {
    const off = rows.map((row) => Math.abs(residual(fit as Fit, row)));
    const limit = Math.max(3 * 1.4826 * median(off), 1e-5);
    const left = rows.filter((_, k) => (off[k] as number) <= limit);
    if (left.length === rows.length) break;
    rows = left;
    fit = planeThrough(rows);
  }
  if (!fit) return null;
  const squares = rows.reduce((sum, row) => sum + residual(fit as Fit, row) ** 2, 0);
  const spread = Math.sqrt(squares / (rows.length - 3));
  return {
    offset: fit.a,
    normal: unit(sub(sub(normal, scale(eu, fit.b)), scale(ev, fit.c))),
    spread,
    count: rows.length,
    standard: spread * Math.sqrt(fit.inverse),
  };
}

interface Fit {
  a: number;
  b: number;
  c: number;
  /** Variance of `a` for points that scatter by one. */
  inverse: number;
}

const residual = (fit: Fit, [u, v, w]: [number, number, number]): number => w - fit.a - fit.b * u - fit.c * v;

function planeThrough(rows: readonly [number, number, number][]): Fit | null {
  const n = rows.length;
  if (n < FEWEST) return null;
  let [su, sv, sw, suu, svv, suv, suw, svw] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const [u, v, w] of rows) {
    su += u;
    sv += v;
    sw += w;
    suu += u * u;
    svv += v * v;
    suv += u * v;
    suw += u * w;
    svw += v * w;
  }
  const [muu, mvv, muv] = [suu - (su * su) / n, svv - (sv * sv) / n, suv - (su * sv) / n];
  const [muw, mvw] = [suw - (su * sw) / n, svw - (sv * sw) / n];
  const det = muu * mvv - muv * muv;
  if (!(det > 1e-6 * (muu + mvv) ** 2)) return null; // points in a row
  const b = (muw * mvv - mvw * muv) / det;
  const c = (mvw * muu - muw * muv) / det;
  const [ou, ov] = [su / n, sv / n];
  return {
    a: sw / n - b * ou - c * ov,
    b,
    c,
    inverse: 1 / n + (ou * ou * mvv - 2 * ou * ov * muv + ov * ov * muu) / det,
  };
}

function median(values: readonly number[]): number {
  const inOrder = [...values].sort((one, other) => one - other);
  const half = inOrder.length >> 1;
  return inOrder.length % 2
    ? (inOrder[half] as number)
    : ((inOrder[half - 1] as number) + (inOrder[half] as number)) / 2;
}

/**
 * Say how far the scan is from a face, with U (k = 2).
 *
 * Neighbouring points are off together (one sweep, one surface): their scatter does not shrink with their number as that
 * of independent ones. So the plane's own uncertainty is never taken as less than a third of the scatter, and what the
 * registration leaves (its root mean square) is added; where that is not known, U is told as a least value.
 */
export function fromScan(face: Place, found: Patch, registration: number | null): Made | null {
  if (!face.normal) return null;
  const own = Math.max(found.standard, found.spread / 3);
  const uncertainty = 2 * Math.hypot(own, ROUNDING, registration ?? 0);
  const end = add(face.position, scale(face.normal, found.offset));
  return {
    tool: "scan",
    places: [face],
    figures: [
      { name: "perpendicular", value: found.offset },
      { name: "uncertainty", value: uncertainty, atLeast: registration === null },
      { name: "spread", value: found.spread },
    ],
    lines: [[face.position, end]],
    label: end,
    count: found.count,
    registered: registration !== null,
  };
}

/** Write a length in millimetres, an angle in degrees. */
export function written({ name, value, atLeast }: Figure): string {
  if (value === null) return "–";
  if (name === "angle") return `${((value * 180) / Math.PI).toFixed(2)}°`;
  const text = (value * 1000).toFixed(1);
  const sign = name === "perpendicular" && value > 0 ? "+" : "";
  return `${atLeast ? "≥ " : ""}${sign}${text.replace("-", "−")} mm`;
}
