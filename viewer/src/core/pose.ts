/** The as-built pose of the chosen element: what moved, what turned, and what cannot be known. */
import { signal } from "@preact/signals";
import { add, cross, dot, length, scale, sub, unit, type Vec } from "./space";

type Three = [number | null, number | null, number | null];

/** As the interface sends it: null where the points do not show it, never zero. */
export interface BuiltPose {
  readonly translation_mm: Three;
  readonly rotation_deg: Three;
  readonly uncertainty_mm: Three;
  readonly rotation_uncertainty_deg: Three;
}

export type PoseState =
  | { kind: "none" | "loading" | "failed" | "unknown" }
  | { kind: "ready"; id: number; pose: BuiltPose };

export const posed = signal<PoseState>({ kind: "none" });
export const FACTORS = [1, 5, 10, 20, 50] as const;
/** How many times larger than measured the ghost moves. */
export const factor = signal<number>(10);

const AXIS: readonly Vec[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Return the move in metres, along the directions that are known, and the directions that are not. */
export function moveOf(pose: BuiltPose): { move: Vec; unseen: readonly Vec[] } {
  const move = pose.translation_mm.map((value) => (value ?? 0) / 1000) as unknown as Vec;
  return { move, unseen: AXIS.filter((_, k) => pose.translation_mm[k] === null) };
}

/** Return the turn as a vector in radians, and about which axes it is not known. */
export function turnOf(pose: BuiltPose): { turn: Vec; unseen: readonly Vec[] } {
  const turn = pose.rotation_deg.map((value) => ((value ?? 0) * Math.PI) / 180) as unknown as Vec;
  return { turn, unseen: AXIS.filter((_, k) => pose.rotation_deg[k] === null) };
}

/** Return a place moved and turned about a centre, both exaggerated. */
export function displaced(place: Vec, centre: Vec, pose: BuiltPose, times: number): Vec {
  const turn = scale(turnOf(pose).turn, times);
  const angle = length(turn);
  const from = sub(place, centre);
  let turned = from;
  if (angle > 0) {
    const axis = unit(turn);
    turned = add(
      add(scale(from, Math.cos(angle)), scale(cross(axis, from), Math.sin(angle))),
      scale(axis, dot(axis, from) * (1 - Math.cos(angle))),
    );
  }
  return add(add(centre, turned), scale(moveOf(pose).move, times));
}

/** Say whether a pose has anything to show: at least one direction of the move is known. */
export function isShown(pose: BuiltPose): boolean {
  return pose.translation_mm.some((value) => value !== null);
}
