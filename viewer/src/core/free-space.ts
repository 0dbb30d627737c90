/** Space beside elements that has to be free: boxes, and whether a ray comes into one. */
import type { Clash } from "./overlay";
import { dot, type Ray, sub, type Vec } from "./space";

export interface Box {
  readonly corners: readonly Vec[];
  /** What stands in it. */
  readonly clashes: readonly Clash[];
}

/** Return the spaces of clashes, each once, with corners in the scene's frame. */
export function boxesIn(clashes: readonly Clash[], origin: Vec): Box[] {
  const found = new Map<string, Clash[]>();
  for (const clash of clashes) if (clash.box) found.set(`${clash.box}`, [...(found.get(`${clash.box}`) ?? []), clash]);
  return [...found.values()].map((all) => ({
    corners: (all[0]?.box ?? []).map((one) => sub(one, origin)),
    clashes: all,
  }));
}

/** Return how far along a ray a box begins, metres; null where it passes it. */
export function entered(corners: readonly Vec[], { origin, direction }: Ray): number | null {
  const first = corners[0] as Vec;
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const bit of [1, 2, 4]) {
    const edge = sub(corners[bit] as Vec, first);
    // a box without a height is passed
    const [start, way, size] = [dot(sub(origin, first), edge), dot(direction, edge), dot(edge, edge)];
    if (Math.abs(way) < 1e-12 && (start < 0 || start > size)) return null;
    const [one, other] = [-start / way, (size - start) / way];
    from = Math.max(from, Math.min(one, other));
    to = Math.min(to, Math.max(one, other));
  }
  return from <= to && to > 0 ? Math.max(0, from) : null;
}
