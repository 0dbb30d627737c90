/** Where pairs of points put the scan: a turn and a shift, never a mirror image and never a scale. */
import { cell, eigen, inverse, type Matrix } from "./linear";
import { add, distance, dot, scale, sub, type Vec } from "./space";

/** Maps scan to design: three rows of the turn, and the shift in metres. */
export interface Pose {
  readonly rows: readonly [Vec, Vec, Vec];
  readonly shift: Vec;
}

export const apply = (pose: Pose, p: Vec): Vec =>
  add([dot(pose.rows[0], p), dot(pose.rows[1], p), dot(pose.rows[2], p)], pose.shift);

/** Return the pose of a 4 x 4 matrix, row by row, as the interface sends it. */
export function poseOf(matrix: readonly (readonly number[])[]): Pose {
  const row = (i: number): Vec => [cell(matrix, i, 0), cell(matrix, i, 1), cell(matrix, i, 2)];
  return { rows: [row(0), row(1), row(2)], shift: [cell(matrix, 0, 3), cell(matrix, 1, 3), cell(matrix, 2, 3)] };
}

/** Return the pose between coordinates less their origins. */
export function between(pose: Pose, from: Vec, to: Vec): Pose {
  return { rows: pose.rows, shift: sub(apply(pose, from), to) };
}

export function inverted({ rows: [a, b, c], shift }: Pose): Pose {
  const rows = [0, 1, 2].map((k): Vec => [a[k] as number, b[k] as number, c[k] as number]);
  const turned = { rows: rows as unknown as Pose["rows"], shift: [0, 0, 0] as Vec };
  return { rows: turned.rows, shift: scale(apply(turned, shift), -1) };
}

/** Why pairs do not fix a pose. */
export type Lack = "few" | "line" | "place";

export interface Fit {
  readonly pose: Pose;
  /** Distance left at each pair, metres. */
  readonly residuals: readonly number[];
  readonly rms: number;
  /** How far each lies from where the others that belong put it; null where they cannot say. */
  readonly leftOut: readonly (number | null)[];
  /** What does not belong with the others. */
  readonly outlier: readonly boolean[];
  /** The pairs do not fit one another, though none stands out. */
  readonly misfit: boolean;
}

export interface Asked {
  readonly scan: Vec;
  readonly design: Vec;
  /** How well it was picked, metres. */
  readonly sigma: number;
}

/** As the server's `geometry/registration/pair_fit.py`, which decides in the end. */
const BUILT = 0.015;
const TILT = 0.005;
const LEAST_OUTLIER = 0.05;
const OUTLIER = 3.5;
const FEWEST = 3;

/** Fit a pose to pairs; `level` turns about z only. */
export function fitPairs(pairs: readonly Asked[], level: boolean): Fit | Lack {
  if (pairs.length < FEWEST) return "few";
  const lack = lackOf(pairs.map((pair) => pair.scan)) ?? lackOf(pairs.map((pair) => pair.design));
  if (lack) return lack;
  const pose = solve(pairs, level);
  const residuals = pairs.map((pair) => distance(apply(pose, pair.scan), pair.design));
  const [leftOut, outlier] = lookedAt(pairs, level);
  const chi = pairs.reduce((sum, pair, i) => sum + ((residuals[i] as number) / accuracy(pair)) ** 2, 0);
  const freedom = 3 * pairs.length - (level ? 4 : 6);
  return {
    pose,
    residuals,
    rms: Math.sqrt(residuals.reduce((sum, r) => sum + r * r, 0) / residuals.length),
    leftOut,
    outlier,
    misfit: !outlier.some(Boolean) && chi > chance(freedom),
  };
}

const accuracy = (pair: Asked): number => Math.hypot(pair.sigma, BUILT);

/** Return what chi squared exceeds once in a thousand times (Wilson and Hilferty 1931). */
function chance(freedom: number): number {
  const k = 2 / (9 * freedom);
  return freedom * (1 - k + 3.0902 * Math.sqrt(k)) ** 3;
}

function lackOf(points: readonly Vec[]): Lack | null {
  const middle = scale(
    points.reduce((sum, p) => add(sum, p), [0, 0, 0] as Vec),
    1 / points.length,
  );
  const scatter: number[][] = [0, 1, 2].map(() => [0, 0, 0]);
  for (const p of points) {
    const d = sub(p, middle);
    for (const i of [0, 1, 2])
      for (const j of [0, 1, 2])
        (scatter[i] as number[])[j] = cell(scatter, i, j) + (d[i] as number) * (d[j] as number);
  }
  const [first = 0, second = 0] = eigen(scatter).values.map((value) => Math.sqrt(Math.max(0, value)));
  if (first < 0.05) return "place";
  return second < 0.02 * first ? "line" : null;
}

/** Return the rotation and shift with the least sum of weighted squares (Horn 1987, by unit quaternions). */
function solve(pairs: readonly Asked[], level: boolean): Pose {
  const weights = pairs.map((pair) => pair.sigma ** -2);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const mean = (pick: (pair: Asked) => Vec) =>
    pairs.reduce((sum, pair, i) => add(sum, scale(pick(pair), (weights[i] as number) / total)), [0, 0, 0] as Vec);
  const [a, b] = [mean((pair) => pair.scan), mean((pair) => pair.design)];
  const s: number[][] = [0, 1, 2].map(() => [0, 0, 0]);
  pairs.forEach((pair, n) => {
    const [p, q] = [sub(pair.scan, a), sub(pair.design, b)];
    for (const i of [0, 1, 2])
      for (const j of [0, 1, 2])
        (s[i] as number[])[j] = cell(s, i, j) + (weights[n] as number) * (p[i] as number) * (q[j] as number);
  });
  const rows = level ? aboutZ(s) : turnOf(s);
  return { rows, shift: sub(b, apply({ rows, shift: [0, 0, 0] }, a)) };
}

function aboutZ(s: Matrix): Pose["rows"] {
  const yaw = Math.atan2(cell(s, 0, 1) - cell(s, 1, 0), cell(s, 0, 0) + cell(s, 1, 1));
  const [c, n] = [Math.cos(yaw), Math.sin(yaw)];
  return [
    [c, -n, 0],
    [n, c, 0],
    [0, 0, 1],
  ];
}

function turnOf(s: Matrix): Pose["rows"] {
  const [xx, xy, xz] = [cell(s, 0, 0), cell(s, 0, 1), cell(s, 0, 2)];
  const [yx, yy, yz] = [cell(s, 1, 0), cell(s, 1, 1), cell(s, 1, 2)];
  const [zx, zy, zz] = [cell(s, 2, 0), cell(s, 2, 1), cell(s, 2, 2)];
  const { vectors } = eigen([
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, -xx + yy - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, -xx - yy + zz],
  ]);
  const [w = 1, x = 0, y = 0, z = 0] = vectors[0] ?? [];
  return [
    [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
  ];
}

/** Return how far each pair lies from where the others that belong put it, and which do not belong. */
function lookedAt(pairs: readonly Asked[], level: boolean): [(number | null)[], boolean[]] {
  const wrong = pairs.map(() => false);
  const others = (i: number) => pairs.filter((_, k) => k !== i && !wrong[k]);
  for (;;) {
    const doubtful = pairs
      .map((pair, i) => ({ i, seen: wrong[i] ? null : against(pair, others(i), level) }))
      .filter(({ seen }) => seen && seen.away > Math.max(LEAST_OUTLIER, OUTLIER * seen.expected))
      .sort((one, other) => (one.seen?.rest ?? 0) - (other.seen?.rest ?? 0));
    const first = doubtful[0];
    if (!first) break;
    wrong[first.i] = true;
  }
  return [pairs.map((pair, i) => against(pair, others(i), level)?.away ?? null), wrong];
}

function against(
  pair: Asked,
  others: readonly Asked[],
  level: boolean,
): { away: number; expected: number; rest: number } | null {
  if (others.length < FEWEST || lackOf(others.map((one) => one.scan))) return null;
  const pose = solve(
    others.map((one) => ({ ...one, sigma: accuracy(one) })),
    level,
  );
  const middle = scale(
    others.reduce((sum, one) => add(sum, one.design), [0, 0, 0] as Vec),
    1 / others.length,
  );
  const information: number[][] = Array.from({ length: 6 }, (_, i) =>
    Array.from({ length: 6 }, (__, j) => (level && i === j && i < 2 ? TILT ** -2 : 0)),
  );
  for (const one of others) {
    for (const row of moves(sub(one.design, middle)))
      for (let i = 0; i < 6; i += 1)
        for (let j = 0; j < 6; j += 1)
          (information[i] as number[])[j] =
            cell(information, i, j) + ((row[i] as number) * (row[j] as number)) / accuracy(one) ** 2;
  }
  const open = inverse(information);
  if (!open) return null;
  let spread = 3 * accuracy(pair) ** 2;
  for (const row of moves(sub(pair.design, middle)))
    for (let i = 0; i < 6; i += 1)
      for (let j = 0; j < 6; j += 1) spread += (row[i] as number) * cell(open, i, j) * (row[j] as number);
  const left = others.map((one) => distance(apply(pose, one.scan), one.design) / accuracy(one));
  return {
    away: distance(apply(pose, pair.scan), pair.design),
    expected: Math.sqrt(spread),
    rest: left.reduce((sum, r) => sum + r * r, 0) / left.length,
  };
}

/** Return d place / d (turn, shift) of a place about the pivot. */
const moves = ([x, y, z]: Vec): number[][] => [
  [0, z, -y, 1, 0, 0],
  [-z, 0, x, 0, 1, 0],
  [y, -x, 0, 0, 0, 1],
];
