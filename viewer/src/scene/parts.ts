/** The parts of every view, in the order in which they begin. */
import { pinsPart } from "../layers/pins";
import { sectionPart } from "./parts/section";
import type { Part } from "./view";

export const PARTS: readonly Part[] = [sectionPart, pinsPart];
