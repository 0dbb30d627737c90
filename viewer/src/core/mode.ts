/** What somebody is doing beside looking: one mode at a time, shown by a panel of its own. */
import { signal } from "@preact/signals";

/** Name of a mode of `panels/modes.ts`; empty for plain looking and selecting. */
export const mode = signal("");

/** Picking pairs of points on model and scan. */
export const REGISTER = "register";

/** Carrying out inspections. */
export const INSPECT = "inspect";

/** Bringing in models and scans, and asking for checks. */
export const BEGIN = "begin";

/** Begin a mode, or end it when it goes on already. */
export function toggle(name: string): void {
  mode.value = mode.value === name ? "" : name;
}
