/** The check that is under way or over, told to whoever looks elsewhere: the files' panel is not open, or not loaded. */
import { signal } from "@preact/signals";

export interface CheckTold {
  project: string;
  /** What it makes; empty until it is known. */
  check: string;
  /** 0 to 1. */
  share: number;
  state: "running" | "done" | "failed";
}

export const checkTold = signal<CheckTold | null>(null);
