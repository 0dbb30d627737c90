/** How much of a large model a device holds: whole storeys, by a budget of triangles. */
import { signal } from "@preact/signals";

export interface PartOf {
  readonly storey: string | null;
  readonly triangles: number;
}

export interface StoreyLoad {
  readonly storey: string;
  readonly triangles: number;
  readonly loaded: boolean;
}

/** What is in memory of a model that comes by storey; empty for one that comes whole. */
export const loads = signal<readonly StoreyLoad[]>([]);
/** The storeys that are wanted; null for as many as fit. */
export const wanted = signal<ReadonlySet<string> | null>(null);
/** Triangles that this device holds with ease. */
export const budget = signal(budgetOf(device()));

interface Device {
  /** Gigabytes, as the browser tells; undefined where it does not. */
  memory: number | undefined;
  touch: boolean;
}

function device(): Device {
  const told = globalThis.navigator as (Navigator & { deviceMemory?: number }) | undefined;
  return { memory: told?.deviceMemory, touch: globalThis.matchMedia?.("(pointer: coarse)").matches ?? false };
}

/** Return how many triangles a device holds: 10 million took 367 MB of heap in the browser, about 37 bytes each. */
export function budgetOf({ memory, touch }: Device): number {
  if (memory === undefined) return touch ? 3_000_000 : 15_000_000;
  if (memory <= 2) return 1_500_000;
  if (memory <= 4) return 3_000_000;
  return touch ? 6_000_000 : 15_000_000;
}

/** Return which storeys are loaded at first: in the order given, as many whole ones as fit, at least one. */
export function fitting(parts: readonly PartOf[], order: readonly string[], most: number): Set<string> {
  const sizes = new Map<string, number>();
  for (const part of parts) sizes.set(part.storey ?? "", (sizes.get(part.storey ?? "") ?? 0) + part.triangles);
  const chosen = new Set<string>();
  let total = 0;
  const inOrder = [
    ...order.filter((name) => sizes.has(name)),
    ...[...sizes.keys()].filter((name) => !order.includes(name)),
  ];
  for (const name of inOrder) {
    const size = sizes.get(name) ?? 0;
    if (chosen.size > 0 && total + size > most) continue;
    chosen.add(name);
    total += size;
  }
  return chosen;
}
