/** The parts of every view, in the order in which they begin. */
import type { Part } from "./view";

export const PARTS: readonly Part[] = [];
