/** The body of who walks: an upright cylinder that walls stop, and that slides along them. */
import { EYES } from "./walk";

/** Radius of the body, metres. */
export const BODY = 0.25;
/** What is no higher is stepped onto, metres; what begins lower than the head stops one. */
export const STEP = 0.25;
const HEAD = 0.1;
/** Less than this into a wall is none, metres: rounding. */
const SLACK = 1e-4;

export interface Flat {
  x: number;
  y: number;
}

/**
 * Return where a step on the level leads: not through triangles (nine numbers each) between step and head, but along
 * them. `feet` is the height of the soles; a step from within a wall is free, so that nobody is caught in one.
 */
export function walked(from: Flat, by: Flat, feet: number, triangles: readonly Float64Array[]): Flat {
  const walls = triangles.flatMap((one) => footprints(one, feet + STEP + 0.01, feet + EYES + HEAD));
  const length = Math.hypot(by.x, by.y);
  if (deepest(from, walls) > BODY / 2) return { x: from.x + by.x, y: from.y + by.y };
  const parts = Math.max(1, Math.ceil(length / (BODY / 2)));
  let at = from;
  for (let k = 0; k < parts; k += 1) {
    const next = pushedOut({ x: at.x + by.x / parts, y: at.y + by.y / parts }, walls);
    if (!next) return at;
    at = next;
  }
  return at;
}

/** Return the nearest place free of walls, null where there is none near: a corner or a gap too narrow. */
function pushedOut(place: Flat, walls: readonly Flat[][]): Flat | null {
  let at = place;
  for (let round = 0; round < 6; round += 1) {
    let most = SLACK;
    let push: Flat | null = null;
    for (const wall of walls) {
      const foot = nearest(at, wall);
      const off = Math.hypot(at.x - foot.x, at.y - foot.y);
      if (BODY - off <= most || off === 0) continue;
      most = BODY - off;
      push = { x: ((at.x - foot.x) / off) * most, y: ((at.y - foot.y) / off) * most };
    }
    if (!push) return deepest(at, walls) < BODY ? at : null;
    at = { x: at.x + push.x, y: at.y + push.y };
  }
  return null;
}

/** Return how deep into walls a place is: the body's radius where it stands on one. */
function deepest(at: Flat, walls: readonly Flat[][]): number {
  let most = 0;
  for (const wall of walls) {
    const foot = nearest(at, wall);
    most = Math.max(most, BODY - Math.hypot(at.x - foot.x, at.y - foot.y));
  }
  return most;
}

/** Return what of triangles lies between two heights, seen from above: an outline each. */
function footprints(triangles: Float64Array, low: number, high: number): Flat[][] {
  const made: Flat[][] = [];
  for (let k = 0; k < triangles.length; k += 9) {
    const corners = [0, 3, 6].map((c) => [...triangles.subarray(k + c, k + c + 3)] as [number, number, number]);
    const within = cut(cut(corners, low, 1), high, -1);
    if (within.length) made.push(within.map(([x, y]) => ({ x, y })));
  }
  return made;
}

type Corner = [number, number, number];

/** Return what of a polygon is above a height (`side` 1) or below it (-1). */
function cut(polygon: readonly Corner[], height: number, side: 1 | -1): Corner[] {
  const made: Corner[] = [];
  for (const [k, a] of polygon.entries()) {
    const b = polygon[(k + 1) % polygon.length] as Corner;
    const [da, db] = [side * (a[2] - height), side * (b[2] - height)];
    if (da >= 0) made.push(a);
    if (da >= 0 === db >= 0) continue;
    const share = da / (da - db);
    made.push([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), height]);
  }
  return made;
}

/** Return the place of a convex outline that is nearest; the place itself where it lies inside. */
function nearest(at: Flat, outline: readonly Flat[]): Flat {
  let best = outline[0] as Flat;
  let least = Number.POSITIVE_INFINITY;
  let [left, right] = [false, false];
  for (const [k, a] of outline.entries()) {
    const b = outline[(k + 1) % outline.length] as Flat;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const turn = dx * (at.y - a.y) - dy * (at.x - a.x);
    if (turn > 1e-12) left = true;
    if (turn < -1e-12) right = true;
    const long = dx * dx + dy * dy;
    const share = long === 0 ? 0 : Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / long));
    const foot = { x: a.x + share * dx, y: a.y + share * dy };
    const off = Math.hypot(at.x - foot.x, at.y - foot.y);
    if (off < least) [best, least] = [foot, off];
  }
  return left !== right && outline.length > 2 && areaOf(outline) > 1e-9 ? at : best;
}

function areaOf(outline: readonly Flat[]): number {
  return Math.abs(
    outline.reduce((sum, a, k) => {
      const b = outline[(k + 1) % outline.length] as Flat;
      return sum + a.x * b.y - a.y * b.x;
    }, 0) / 2,
  );
}
