/** Storey plans: which storey is looked down on, how high its floor is, and what is pinned there. */
import { signal } from "@preact/signals";
import { boxOf, type ElementRow, type SceneElements } from "./elements";
import { standing } from "./palette";
import type { Vec } from "./space";

export interface Level {
  readonly name: string;
  /** Metres in the scene's frame. */
  readonly floor: number;
  /** True where the model's own elevation does not fit its elements, and the floor is what most of them stand on. */
  readonly estimated: boolean;
}

/** A plan looks down from so far above the floor, metres. */
export const EYE = 1.2;
/** And so far below it. */
export const BELOW = 0.3;

export const levels = signal<readonly Level[]>([]);
export const level = signal("");

/** Return the levels of a model from the lowest up; storeys without a shape are left out. */
export function levelsOf(
  scene: SceneElements,
  rows: readonly ElementRow[],
  named: readonly { name: string; elevation_m: number }[],
): Level[] {
  const heights = new Map<string, { lows: number[]; high: number }>();
  for (const row of rows) {
    const box = row.storey ? boxOf(scene, row.id) : null;
    if (!box) continue;
    const known = heights.get(row.storey) ?? { lows: [], high: Number.NEGATIVE_INFINITY };
    known.lows.push(box.min[2] as number);
    known.high = Math.max(known.high, box.max[2] as number);
    heights.set(row.storey, known);
  }
  const told = new Map(named.map((one) => [one.name, one.elevation_m - scene.origin_m[2]]));
  return [...heights]
    .map(([name, { lows, high }]): Level => {
      lows.sort((one, other) => one - other);
      const at = told.get(name);
      if (at !== undefined && at >= (lows[0] as number) - 1 && at <= high) return { name, floor: at, estimated: false };
      return { name, floor: lows[lows.length >> 1] as number, estimated: true };
    })
    .sort((one, other) => one.floor - other.floor);
}

export interface Flaw {
  readonly row: ElementRow;
  readonly kind: "fail" | "missing" | "ncr";
  readonly position: Vec;
}

/** Return what a plan pins: open records first, then what is missing, then what fails. */
export function flawsOf(scene: SceneElements, rows: readonly ElementRow[], storey: string): Flaw[] {
  const order = { ncr: 0, missing: 1, fail: 2 };
  return rows
    .flatMap((row): Flaw[] => {
      if (row.storey !== storey) return [];
      const kind = kindOf(row);
      const box = kind && boxOf(scene, row.id);
      if (!kind || !box) return [];
      return [{ row, kind, position: box.min.map((low, k) => (low + (box.max[k] as number)) / 2) as unknown as Vec }];
    })
    .sort((one, other) => order[one.kind] - order[other.kind]);
}

function kindOf(row: ElementRow): Flaw["kind"] | null {
  const record = standing(row.ncr?.state ?? null);
  if (record === "open" || record === "handled" || record === "draft") return "ncr";
  if (row.status === "missing") return "missing";
  return row.verdict === "fail" ? "fail" : null;
}
