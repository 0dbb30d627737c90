/** The parts of every view, in the order in which they begin. */
import { pinsPart } from "../layers/pins";
import { handWhenWanted } from "./parts/hand";
import { sectionPart } from "./parts/section";
import { standpointPart } from "./parts/standpoint";
import type { Part } from "./view";

export const PARTS: readonly Part[] = [standpointPart, sectionPart, pinsPart, handWhenWanted];
