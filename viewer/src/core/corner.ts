/** Corners and edges that a scan shows: no point lies on them, but the planes about them meet there. */
import { eigen, inverse } from "./linear";
import { add, cross, distance, dot, length, scale, sub, type Vec } from "./space";

export interface Feature {
  readonly position: Vec;
  readonly kind: "corner" | "edge" | "face" | "point";
}

interface Plane {
  readonly normal: Vec;
  readonly middle: Vec;
  readonly count: number;
}

const THICK = 0.012;
const FEWEST = 20;
const LEAST_SHARE = 0.06;
const MOST_POINTS = 1500;
const SEEDS = 40;
const LOCAL = 0.06;
const APART = Math.cos((70 * Math.PI) / 180);

/** Return the corner, else the edge, within `reach` metres of a picked point, from the points around it. */
export function featureAt(picked: Vec, around: readonly Vec[], reach: number): Feature {
  const step = Math.max(1, Math.ceil(around.length / MOST_POINTS));
  const points = around.filter((_, i) => i % step === 0);
  const planes = planesOf(points);
  const corner = planes.length === 3 ? meetingPoint(planes) : null;
  if (corner && distance(corner, picked) <= reach) return { position: corner, kind: "corner" };
  for (const [one, other] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const [a, b] = [planes[one], planes[other]];
    const edge = a && b ? nearestOnEdge(a, b, picked) : null;
    if (edge && distance(edge, picked) <= reach / 2) return { position: edge, kind: "edge" };
  }
  const near = planes.find((plane) => Math.abs(offset(plane, picked)) < 2 * THICK);
  if (!near) return { position: picked, kind: "point" };
  return { position: sub(picked, scale(near.normal, offset(near, picked))), kind: "face" };
}

const offset = (plane: Plane, p: Vec): number => dot(plane.normal, sub(p, plane.middle));

/** Return up to three planes that differ in direction, the largest first. */
function planesOf(points: readonly Vec[]): Plane[] {
  const found: Plane[] = [];
  let left = points;
  while (found.length < 3 && left.length >= FEWEST) {
    const best = largest(left);
    if (!best || best.count < Math.max(FEWEST, LEAST_SHARE * points.length)) break;
    left = left.filter((p) => Math.abs(offset(best, p)) > THICK);
    if (found.every((plane) => Math.abs(dot(plane.normal, best.normal)) < 1 - APART)) found.push(best);
  }
  // what lies near two planes may be of either, and would bend both
  return found.map((plane) => {
    const others = found.filter((other) => other !== plane);
    const clear = points.filter(
      (p) => Math.abs(offset(plane, p)) < THICK && others.every((other) => Math.abs(offset(other, p)) > 2 * THICK),
    );
    return (clear.length >= FEWEST && fitted(clear)) || plane;
  });
}

function largest(points: readonly Vec[]): Plane | null {
  let best: Plane | null = null;
  const step = Math.max(1, Math.floor(points.length / SEEDS));
  for (let i = 0; i < points.length; i += step) {
    const seed = points[i] as Vec;
    const local = fitted(points.filter((p) => distance(p, seed) < LOCAL));
    if (!local) continue;
    const count = points.reduce((sum, p) => sum + (Math.abs(offset(local, p)) < THICK ? 1 : 0), 0);
    if (!best || count > best.count) best = { ...local, count };
  }
  for (let round = 0; best && round < 3; round += 1) {
    const plane: Plane = best;
    best = fitted(points.filter((p) => Math.abs(offset(plane, p)) < THICK));
  }
  return best;
}

/** Return the plane of least squares; null of fewer points than say anything. */
function fitted(points: readonly Vec[]): Plane | null {
  if (points.length < 5) return null;
  const middle = scale(
    points.reduce((sum, p) => add(sum, p), [0, 0, 0] as Vec),
    1 / points.length,
  );
  const s = [0, 0, 0, 0, 0, 0];
  for (const p of points) {
    const [x, y, z] = sub(p, middle);
    const terms = [x * x, x * y, x * z, y * y, y * z, z * z];
    terms.forEach((term, k) => {
      s[k] = (s[k] as number) + term;
    });
  }
  const [xx = 0, xy = 0, xz = 0, yy = 0, yz = 0, zz = 0] = s;
  const { values, vectors } = eigen([
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ]);
  if (!((values[1] ?? 0) > 4 * (values[2] ?? 0))) return null; // a line or a cloud
  const [nx = 0, ny = 0, nz = 1] = vectors[2] ?? [];
  return { normal: [nx, ny, nz], middle, count: points.length };
}

function meetingPoint(planes: readonly Plane[]): Vec | null {
  const solved = inverse(planes.map((plane) => [...plane.normal]));
  if (!solved) return null;
  const along = planes.map((plane) => dot(plane.normal, plane.middle));
  const [x = 0, y = 0, z = 0] = solved.map((row) =>
    row.reduce((sum, value, k) => sum + value * (along[k] as number), 0),
  );
  return [x, y, z];
}

function nearestOnEdge(one: Plane, other: Plane, picked: Vec): Vec | null {
  const direction = cross(one.normal, other.normal);
  if (length(direction) < 0.3) return null;
  return meetingPoint([one, other, { normal: scale(direction, 1 / length(direction)), middle: picked, count: 0 }]);
}
