/** Where the two views of registering by hand look: one is moved by a person, the other follows through the pose. */
import { signal } from "@preact/signals";
import type { Side } from "./pairs";
import type { Vec } from "./space";

export interface Sight {
  /** Which view a person moves. */
  readonly by: Side;
  /** Metres as in that side's file. */
  readonly eye: Vec;
  readonly target: Vec;
}

export const sight = signal<Sight | null>(null);
