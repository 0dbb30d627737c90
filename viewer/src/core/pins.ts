/** Pins: places of the view that mean something (an element that fails, a record, a photo), by who puts them there. */
import { computed, signal } from "@preact/signals";
import type { Vec } from "./space";

export interface Pin {
  /** The same for the same thing, so that its button keeps the focus. */
  readonly id: string;
  /** Metres in the scene's frame. */
  readonly position: Vec;
  /** Class of its look: `pin-<kind>`. */
  readonly kind: string;
  /** One character that says what it is without colour. */
  readonly sign: string;
  /** What it is in words, for whoever does not see it. */
  readonly label: string;
  /** GlobalId of the element that it is about: the pin shows when that is chosen. */
  readonly about?: string;
  onOpen(): void;
}

const bySource = signal<ReadonlyMap<string, readonly Pin[]>>(new Map());

/** All pins there are now. */
export const pins = computed<readonly Pin[]>(() => [...bySource.value.values()].flat());

/** Show exactly these pins of a source (`plan`, `photos`); an empty list takes them away. */
export function setPins(source: string, list: readonly Pin[]): void {
  const next = new Map(bySource.peek()); // called within effects, which must not follow what they write
  if (list.length) next.set(source, list);
  else next.delete(source);
  bySource.value = next;
}

/** Pins that would lie on each other. */
export interface Cluster<P> {
  readonly x: number;
  readonly y: number;
  readonly members: readonly P[];
}

/** Join what lies closer together on the screen than a finger is wide, first come first. */
export function clustered<P extends { x: number; y: number }>(seen: readonly P[], apart: number): Cluster<P>[] {
  const made: { x: number; y: number; members: P[] }[] = [];
  for (const one of seen) {
    const near = made.find((group) => Math.hypot(group.x - one.x, group.y - one.y) < apart);
    if (near) near.members.push(one);
    else made.push({ x: one.x, y: one.y, members: [one] });
  }
  return made;
}
