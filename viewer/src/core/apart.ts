/** Things for fingers that would lie on each other are put beside each other. */

export interface Place {
  x: number;
  y: number;
}

/** Centres of what a finger aims at are at least so far apart, CSS pixels. */
const FINGER = 46;

/** Return where something for fingers goes that would else lie on others: beside them, away from the nearest. */
export function apart(place: Place, taken: readonly Place[]): Place {
  let at = place;
  for (let tries = 0; tries < 8; tries += 1) {
    const gap = (one: Place) => Math.hypot(at.x - one.x, at.y - one.y);
    const near = taken.reduce<Place | null>((best, one) => (!best || gap(one) < gap(best) ? one : best), null);
    if (!near || gap(near) >= FINGER - 0.01) return at;
    const angle = gap(near) < 1 ? 0 : Math.atan2(at.y - near.y, at.x - near.x);
    const turned = angle + (0.6 * tries) ** 2; // among several, around them
    at = { x: near.x + FINGER * Math.cos(turned), y: near.y + FINGER * Math.sin(turned) };
  }
  return at;
}
