/** Things for fingers that would lie on each other are put beside each other. */

export interface Place {
  x: number;
  y: number;
}

/** Centres of what a finger aims at are at least so far apart, CSS pixels. */
const FINGER = 46;

export interface Size {
  width: number;
  height: number;
}

/** Return where the middle of a label goes so that none lies on another: where it belongs, or the nearest height that is free. */
export function stacked(place: Place, size: Size, taken: readonly (Place & Size)[]): Place {
  const isFree = (y: number) =>
    taken.every(
      (one) =>
        Math.abs(one.x - place.x) >= (one.width + size.width) / 2 ||
        Math.abs(one.y - y) >= (one.height + size.height) / 2,
    );
  for (let step = 0; step < 60; step += 1)
    for (const y of [place.y - 6 * step, place.y + 6 * step]) if (isFree(y)) return { x: place.x, y };
  return place;
}

/** Return where something for fingers goes: where it belongs, or the nearest place beside what is there. */
export function apart(place: Place, taken: readonly Place[]): Place {
  for (let reach = 0; reach < 10 * FINGER; reach += 8)
    for (let angle = 0; angle < 2 * Math.PI; angle += reach === 0 ? 7 : 8 / reach) {
      const at = { x: place.x + reach * Math.cos(angle), y: place.y + reach * Math.sin(angle) };
      if (taken.every((one) => Math.hypot(at.x - one.x, at.y - one.y) >= FINGER)) return at;
    }
  return place;
}
