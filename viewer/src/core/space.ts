/** Points, rays and planes as plain numbers: what picking and measuring compute with, in float64 and metres. */

export type Vec = readonly [number, number, number];

/** Where `normal . p + constant` is 0 or more is kept; as `Plane` of three.js. */
export interface Half {
  readonly normal: Vec;
  readonly constant: number;
}

export interface Ray {
  readonly origin: Vec;
  /** Of length one. */
  readonly direction: Vec;
}

export const add = (a: Vec, b: Vec): Vec => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a: Vec, b: Vec): Vec => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vec, by: number): Vec => [a[0] * by, a[1] * by, a[2] * by];
export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vec, b: Vec): Vec => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Vec): number => Math.hypot(a[0], a[1], a[2]);
export const distance = (a: Vec, b: Vec): number => length(sub(a, b));
export const along = (ray: Ray, by: number): Vec => add(ray.origin, scale(ray.direction, by));

/** Return a vector of length one; the zero vector stays. */
export function unit(a: Vec): Vec {
  const long = length(a);
  return long === 0 ? a : scale(a, 1 / long);
}

/** Return how far a point is on the kept side of a plane, metres. */
export const above = (half: Half, p: Vec): number => dot(half.normal, p) + half.constant;

export const kept = (halves: readonly Half[], p: Vec, slack = 1e-9): boolean =>
  halves.every((half) => above(half, p) >= -slack);

/** Return how far along a ray it meets a plane, null where it runs along it. */
export function meets(ray: Ray, half: Half): number | null {
  const towards = dot(half.normal, ray.direction);
  return Math.abs(towards) < 1e-12 ? null : -above(half, ray.origin) / towards;
}

/** Where a ray meets a triangle. */
export interface Meeting {
  /** Metres along the ray. */
  readonly t: number;
  /** Number of the triangle. */
  readonly triangle: number;
}

/** Return where a ray meets triangles (nine numbers each), unordered (Moeller and Trumbore 1997). */
export function meetings(ray: Ray, triangles: Float64Array): Meeting[] {
  const [ox, oy, oz] = ray.origin;
  const [dx, dy, dz] = ray.direction;
  const found: Meeting[] = [];
  for (let k = 0; k + 8 < triangles.length; k += 9) {
    const [ax, ay, az] = [triangles[k] as number, triangles[k + 1] as number, triangles[k + 2] as number];
    const [ux, uy, uz] = [
      (triangles[k + 3] as number) - ax,
      (triangles[k + 4] as number) - ay,
      (triangles[k + 5] as number) - az,
    ];
    const [vx, vy, vz] = [
      (triangles[k + 6] as number) - ax,
      (triangles[k + 7] as number) - ay,
      (triangles[k + 8] as number) - az,
    ];
    const [px, py, pz] = [dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx];
    const det = ux * px + uy * py + uz * pz;
    if (Math.abs(det) < 1e-15) continue;
    const [sx, sy, sz] = [ox - ax, oy - ay, oz - az];
    const b = (sx * px + sy * py + sz * pz) / det;
    if (b < 0 || b > 1) continue;
    const [qx, qy, qz] = [sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux];
    const c = (dx * qx + dy * qy + dz * qz) / det;
    if (c < 0 || b + c > 1) continue;
    const t = (vx * qx + vy * qy + vz * qz) / det;
    if (t > 0) found.push({ t, triangle: k / 9 });
  }
  return found;
}

export function corner(triangles: Float64Array, at: number): Vec {
  return [triangles[3 * at] as number, triangles[3 * at + 1] as number, triangles[3 * at + 2] as number];
}

/** Return the normal of a triangle, of length one; zero for a triangle without area. */
export function normalOf(triangles: Float64Array, triangle: number): Vec {
  const a = corner(triangles, 3 * triangle);
  return unit(cross(sub(corner(triangles, 3 * triangle + 1), a), sub(corner(triangles, 3 * triangle + 2), a)));
}

export type Edge = readonly [Vec, Vec];

/** Below this cosine two faces meet at an edge that a drawing shows: 25 degrees, as where the server draws edges. */
const CREASE = Math.cos((25 * Math.PI) / 180);

/** Return the edges of a shape that a drawing would show; corners closer than 0.1 mm count as one. */
export function creases(triangles: Float64Array): Edge[] {
  const places = new Map<string, number>();
  const corners: Vec[] = [];
  const weld = (at: number): number => {
    const place = corner(triangles, at);
    const key = place.map((value) => Math.round(value * 1e4)).join(" ");
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, corners.length);
    corners.push(place);
    return corners.length - 1;
  };
  const sides = new Map<string, { ends: [number, number]; normals: Vec[] }>();
  for (let n = 0; n < triangles.length / 9; n += 1) {
    const three = [weld(3 * n), weld(3 * n + 1), weld(3 * n + 2)] as const;
    const normal = normalOf(triangles, n);
    if (length(normal) === 0) continue;
    for (const k of [0, 1, 2] as const) {
      const [a, b] = [three[k], three[((k + 1) % 3) as 0 | 1 | 2]];
      if (a === b) continue;
      const ends: [number, number] = a < b ? [a, b] : [b, a];
      const side = sides.get(ends.join(" ")) ?? { ends, normals: [] };
      side.normals.push(normal);
      sides.set(ends.join(" "), side);
    }
  }
  return [...sides.values()]
    .filter(({ normals }) => normals.length !== 2 || Math.abs(dot(normals[0] as Vec, normals[1] as Vec)) < CREASE)
    .map(({ ends }): Edge => [corners[ends[0]] as Vec, corners[ends[1]] as Vec]);
}

/** Return the point of an edge that is closest to a ray. */
export function closestOnEdge([a, b]: Edge, ray: Ray): Vec {
  const side = sub(b, a);
  const between = sub(ray.origin, a);
  const [ss, sd] = [dot(side, side), dot(side, ray.direction)];
  const det = ss - sd * sd;
  if (det < 1e-12 * ss || ss === 0) return a;
  const s = (dot(side, between) - sd * dot(ray.direction, between)) / det;
  return add(a, scale(side, Math.min(1, Math.max(0, s))));
}
