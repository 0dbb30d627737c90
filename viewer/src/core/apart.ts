/** Things for fingers that would lie on each other are put beside each other. */

export interface Place {
  x: number;
  y: number;
}

/** Centres of what a finger aims at are at least so far apart, CSS pixels. */
const FINGER = 46;

/** Return where something for fingers goes: where it belongs, or the nearest place beside what is there. */
export function apart(place: Place, taken: readonly Place[]): Place {
  for (let reach = 0; reach < 10 * FINGER; reach += 8)
    for (let angle = 0; angle < 2 * Math.PI; angle += reach === 0 ? 7 : 8 / reach) {
      const at = { x: place.x + reach * Math.cos(angle), y: place.y + reach * Math.sin(angle) };
      if (taken.every((one) => Math.hypot(at.x - one.x, at.y - one.y) >= FINGER)) return at;
    }
  return place;
}
