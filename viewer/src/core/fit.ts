/** Where a camera stands so that something is seen whole in the part of the picture that nothing lies over. */

export interface Frame {
  /** Of the picture, CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** So many of them at the top have something over them. */
  readonly covered: number;
  /** Vertical field of view, radians. */
  readonly field: number;
}

export interface Fit {
  /** From the eye to what it looks at, in the unit of the radius. */
  readonly distance: number;
  /** So far above the middle of the ball the eye looks: turning about the vertical leaves the ball where it is. */
  readonly lift: number;
}

const LEAST_FREE = 0.4;
const STEEPEST = 0.3;
/** CSS pixels left around it. */
const MARGIN = 10;

/**
 * Return how a ball is seen whole; `polar` is the angle between the vertical and the way from it to the eye, radians.
 *
 * Where too little would be left, or the eye looks down, the whole picture is used.
 */
export function fitBall(radius: number, frame: Frame, polar: number): Fit {
  const { width, height, field } = frame;
  const level = Math.sin(polar);
  const isSplit = height - frame.covered >= LEAST_FREE * height && level >= STEEPEST;
  const covered = isSplit ? frame.covered : 0;
  const focal = height / 2 / Math.tan(field / 2);
  const room = Math.min(width, height - covered);
  const half = room / 2 - Math.min(MARGIN, 0.1 * room);
  const depth = radius / Math.sin(Math.atan(half / focal));
  const lift = covered === 0 ? 0 : ((covered / 2) * depth) / (focal * level);
  return { distance: depth - lift * Math.cos(polar), lift };
}

export interface Flat {
  /** Metres from the top to the bottom of the picture. */
  readonly high: number;
  /** So far above the middle of what is seen the camera looks, metres along the picture. */
  readonly lift: number;
}

/**
 * Return how a rectangle (metres) is seen whole from above, in the part of the picture that nothing lies over: `covered`
 * CSS pixels at its top and `below` at its bottom are taken, and `around` is left for what is pinned to its edges.
 */
export function fitFlat(
  size: readonly [number, number],
  frame: Omit<Frame, "field">,
  { below, around }: { below: number; around: number },
): Flat {
  const { width, height } = frame;
  const isSplit = height - frame.covered - below >= LEAST_FREE * height;
  const [top, bottom] = isSplit ? [frame.covered, below] : [0, 0];
  const free = height - top - bottom;
  const left = (room: number) => room - 2 * Math.min(around, 0.2 * room);
  const scale = Math.max(size[0] / left(width), size[1] / left(free), 1e-3); // metres per pixel
  return { high: scale * height, lift: ((top - bottom) / 2) * scale };
}
