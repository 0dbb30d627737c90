/** Walking through the model: speed, where one looks, and what the fingers and keys ask for. */
import { signal } from "@preact/signals";

/** Height of the eyes above the floor, metres. */
export const EYES = 1.6;
/** Metres a second. */
export const speed = signal(1.4);
/** Whether one falls to the floor below; else one floats. */
export const falls = signal(true);

export interface Push {
  /** -1 to 1. */
  forward: number;
  right: number;
  up: number;
}

const KEYS: Record<string, Partial<Push>> = {
  KeyW: { forward: 1 },
  ArrowUp: { forward: 1 },
  KeyS: { forward: -1 },
  ArrowDown: { forward: -1 },
  KeyA: { right: -1 },
  KeyD: { right: 1 },
  KeyE: { up: 1 },
  KeyQ: { up: -1 },
};

export const isWalkKey = (code: string): boolean => code in KEYS || code === "ArrowLeft" || code === "ArrowRight";

/** Return what the keys that are down ask for, no faster on the diagonal. */
export function pushOf(down: ReadonlySet<string>, stick: { x: number; y: number }): Push {
  const made: Push = { forward: -stick.y, right: stick.x, up: 0 };
  for (const code of down) {
    const asked = KEYS[code];
    made.forward += asked?.forward ?? 0;
    made.right += asked?.right ?? 0;
    made.up += asked?.up ?? 0;
  }
  const size = Math.hypot(made.forward, made.right);
  if (size > 1) {
    made.forward /= size;
    made.right /= size;
  }
  return made;
}

/** Return the step on the level of a push, for a heading (radians, 0 along y, to the left positive), metres. */
export function stepOf(push: Push, heading: number, metres: number): { x: number; y: number } {
  const [sin, cos] = [Math.sin(heading), Math.cos(heading)];
  return { x: metres * (-sin * push.forward + cos * push.right), y: metres * (cos * push.forward + sin * push.right) };
}

/** Return the next height of the eyes above a floor: steps and stairs at once up, drops at the speed of a fall. */
export function heightOf(now: number, floor: number | null, seconds: number, calm: boolean): number {
  if (floor === null) return now;
  const aim = floor + EYES;
  if (calm) return aim;
  const most = (aim > now ? 3 : 6) * seconds;
  return now + Math.max(-most, Math.min(most, aim - now));
}
