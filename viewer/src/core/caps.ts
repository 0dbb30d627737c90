/** The inside of solids where a plane cuts them: outlines on the plane, filled. */

/** A directed outline piece on a plane: u and v of its two ends. */
export type Pieces = number[];

/** Lengths below this are none, metres. */
const TINY = 1e-7;

interface Rising {
  low: number;
  high: number;
  /** u at `low`, and by how much it grows a metre of v. */
  u: number;
  slope: number;
  turn: 1 | -1;
}

/**
 * Fill the outlines of one solid: triangles, six numbers each. What is inside by the winding number is filled, so that
 * bodies that overlap are one and cavities stay; a strip in which the outline does not close is left open.
 */
export function filled(pieces: Pieces): number[] {
  const rising: Rising[] = [];
  for (let k = 0; k < pieces.length; k += 4) {
    const [u0, v0, u1, v1] = pieces.slice(k, k + 4) as [number, number, number, number];
    if (Math.abs(v1 - v0) < TINY) continue;
    const up = v1 > v0;
    const slope = (u1 - u0) / (v1 - v0);
    rising.push({ low: Math.min(v0, v1), high: Math.max(v0, v1), u: up ? u0 : u1, slope, turn: up ? 1 : -1 });
  }
  rising.sort((one, other) => one.low - other.low);
  const levels = [...new Set(rising.flatMap(({ low, high }) => [low, high]))].sort((a, b) => a - b);
  const made: number[] = [];
  let active: Rising[] = [];
  let next = 0;
  for (let k = 0; k + 1 < levels.length; k += 1) {
    const [low, high] = [levels[k] as number, levels[k + 1] as number];
    if (high - low < TINY) continue;
    const middle = (low + high) / 2;
    while (next < rising.length && (rising[next] as Rising).low < middle) active.push(rising[next++] as Rising);
    active = active.filter((one) => one.high > middle);
    strip(active, low, high, made);
  }
  return made;
}

function strip(active: readonly Rising[], low: number, high: number, made: number[]): void {
  const at = (one: Rising, v: number) => one.u + (v - one.low) * one.slope;
  const middle = (low + high) / 2;
  const across = [...active].sort((one, other) => at(one, middle) - at(other, middle));
  if (across.reduce((sum, one) => sum + one.turn, 0) !== 0) return;
  let turns = 0;
  let from: Rising | null = null;
  for (const one of across) {
    const before = turns;
    turns += one.turn;
    if (before === 0) from = one;
    else if (turns === 0 && from) {
      const [a, b, c, d] = [at(from, low), at(one, low), at(one, high), at(from, high)];
      if (b - a > 0 || c - d > 0) made.push(a, low, b, low, c, high, a, low, c, high, d, high);
    }
  }
}

/** Return the area of triangles that `filled` gave. */
export function areaOf(triangles: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < triangles.length; k += 6) {
    const [a, b, c, d, e, f] = triangles.slice(k, k + 6) as [number, number, number, number, number, number];
    sum += Math.abs((c - a) * (f - b) - (e - a) * (d - b)) / 2;
  }
  return sum;
}
