/** What stands between the camera and an element that somebody wants to see. */
import { along, distance, meetings, type Ray, sub, unit, type Vec } from "./space";

export interface Box {
  readonly min: readonly number[];
  readonly max: readonly number[];
}

/** Something that may hide an element: its box decides quickly, its faces for sure. */
export interface Standing {
  readonly id: number;
  readonly box: Box;
}

/** So far before a place a face has to be to hide it, as a share of the way: what touches an element does not hide it. */
const BEFORE = 0.995;
/** Share of the places of an element that have to be hidden before anything steps aside. */
const MOSTLY = 0.5;

/** Return places spread over a box: its middle, and some way towards each corner. */
export function placesOf({ min, max }: Box): Vec[] {
  const at = (x: number, y: number, z: number): Vec =>
    [x, y, z].map(
      (share, k) => (min[k] as number) + share * ((max[k] as number) - (min[k] as number)),
    ) as unknown as Vec;
  const ends = [0.12, 0.88];
  return [at(0.5, 0.5, 0.5), ...ends.flatMap((x) => ends.flatMap((y) => ends.map((z) => at(x, y, z))))];
}

/** Say whether the way from a place to another meets a box (slabs: Kay and Kajiya 1986). */
export function meetsBox(from: Vec, to: Vec, { min, max }: Box): boolean {
  let [first, last] = [0, 1];
  for (const k of [0, 1, 2] as const) {
    const way = to[k] - from[k];
    const [low, high] = [min[k] as number, max[k] as number];
    if (Math.abs(way) < 1e-12) {
      if (from[k] < low || from[k] > high) return false;
      continue;
    }
    const [a, b] = [(low - from[k]) / way, (high - from[k]) / way];
    first = Math.max(first, Math.min(a, b));
    last = Math.min(last, Math.max(a, b));
  }
  return first <= last;
}

/** Return what hides an element mostly, of what is drawn and not cut away, seen from a place; nothing where it is seen well enough. */
export function hiders(
  eye: Vec,
  wanted: Box,
  others: Iterable<Standing>,
  facesOf: (id: number) => Float64Array,
  isDrawn: (place: Vec) => boolean = () => true,
): ReadonlySet<number> {
  const places = placesOf(wanted);
  const hidden = places.map(() => false);
  const found = new Set<number>();
  for (const { id, box } of others) {
    places.forEach((place, n) => {
      if (!meetsBox(eye, place, box)) return;
      const ray: Ray = { origin: eye, direction: unit(sub(place, eye)) };
      const far = BEFORE * distance(eye, place);
      if (!meetings(ray, facesOf(id)).some(({ t }) => t < far && isDrawn(along(ray, t)))) return;
      hidden[n] = true;
      found.add(id);
    });
  }
  return hidden.filter(Boolean).length >= MOSTLY * places.length ? found : new Set();
}
