/** The parts of every view, in the order in which they begin. */
import { overlayPart } from "../layers/overlay";
import { pinsPart } from "../layers/pins";
import { builtPart } from "./parts/built";
import { compareWhenWanted, spacesWhenWanted } from "./parts/compare";
import { handWhenWanted } from "./parts/hand";
import { measurePart } from "./parts/measure";
import { photosPart } from "./parts/photos";
import { planPart } from "./parts/plan";
import { profilePart } from "./parts/profile";
import { sectionPart } from "./parts/section";
import { standpointPart } from "./parts/standpoint";
import { walkPart } from "./parts/walk";
import type { Part } from "./view";

export const PARTS: readonly Part[] = [
  standpointPart,
  sectionPart,
  measurePart,
  profilePart,
  builtPart,
  planPart,
  walkPart,
  pinsPart,
  overlayPart,
  photosPart,
  handWhenWanted,
  compareWhenWanted,
  spacesWhenWanted,
];
