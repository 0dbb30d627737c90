/** What a project begins with: which files are models and scans, how they are asked for, and what a check is told. */
import type { Schemas } from "./client";

export const MODELS = [".ifc", ".ifczip", ".ifcxml", ".step", ".stp", ".obj", ".stl", ".ply", ".glb"] as const;
export const SCANS = [
  ".e57", ".las", ".laz", ".ply", ".pcd", ".ptx", ".pts", ".xyz", ".txt", ".csv", ".asc",
] as const; // biome-ignore format: a list

/** Return the suffix of a file's name, small; empty where it has none. */
export function suffixOf(name: string): string {
  const at = name.lastIndexOf(".");
  return at > 0 ? name.slice(at).toLowerCase() : "";
}

export type Unusable = "empty" | "model" | "scan" | "isScan" | "isModel";

/** Why a file cannot be taken for what it is given as; null where its content will tell. */
export function unusable(file: { name: string; size: number }, as: "model" | "scan"): Unusable | null {
  const suffix = suffixOf(file.name);
  const [mine, other] = as === "model" ? [MODELS, SCANS] : [SCANS, MODELS];
  if ((mine as readonly string[]).includes(suffix)) return file.size === 0 ? "empty" : null;
  if (!(other as readonly string[]).includes(suffix)) return as;
  return as === "model" ? "isScan" : "isModel";
}

/** Whether a project's code is as the server wants it. */
export const isCode = (code: string): boolean => /^[A-Z][A-Z0-9]{1,11}$/.test(code);

/** A code that a name suggests: its letters, or the first ones of its words where it has several. Empty for none. */
export function codeFrom(name: string): string {
  const words = name
    .normalize("NFKD")
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter(Boolean);
  const [first = "", ...others] = words;
  const code = others.length === 0 ? first : words.map((one) => (/^\d+$/.test(one) ? one : one.slice(0, 4))).join("");
  const cut = code.replace(/^\d+/, "").slice(0, 12);
  return isCode(cut) ? cut : "";
}

export interface Campaign {
  name: string;
  /** As `datetime-local` gives it: by the clock of this place. */
  captured: string;
  kind: string;
  serial: string;
  from: string;
  until: string;
  uncertainty: string;
}

export const NO_CAMPAIGN: Campaign = {
  name: "",
  captured: "",
  kind: "",
  serial: "",
  from: "",
  until: "",
  uncertainty: "",
};

export type Lack = "name" | "captured" | "future" | "instrument" | "calibration";

/** What cannot be sent of a campaign as it stands; null where nothing is in the way. */
export function lackOf(given: Campaign, now: Date): Lack | null {
  if (!given.name.trim()) return "name";
  if (!given.captured) return "captured";
  if (new Date(given.captured) > now) return "future";
  const four = [given.kind, given.serial, given.from, given.until].map((text) => text.trim() !== "");
  if (four.some(Boolean) || given.uncertainty) {
    if (!four.every(Boolean)) return "instrument";
    if (given.until < given.from) return "calibration";
  }
  return null;
}

/** What asks for a campaign to be taken in. */
export function scanOrder(given: Campaign, uploads: readonly string[]): Schemas["NewScan"] {
  const instrument = given.serial.trim()
    ? {
        serial: given.serial.trim(),
        kind: given.kind.trim(),
        calibrated_on: given.from,
        calibrated_until: given.until,
        expanded_uncertainty: given.uncertainty || null,
        unit: "mm",
      }
    : null;
  return {
    name: given.name.trim(),
    captured_at: new Date(given.captured).toISOString(),
    uploads: [...uploads],
    instrument,
  };
}

/** The catalogue; the first is what is used where nothing else is said. */
export const STANDARDS = ["default", "GB 50204-2015", "DIN 18202"] as const;

export interface Wanted {
  revision: string;
  epoch: string;
  /** A name of the catalogue, `mm` for one tolerance on every surface, or `file`. */
  limits: string;
  mm: string;
  pose: "auto" | "given" | "file";
  counts: boolean;
  reason: string;
}

export type CheckFiles = { tolerances?: string; registration_file?: string };

/** Whether a check can be asked for; its files are looked at by whoever has them. */
export function isAskable(wanted: Wanted): boolean {
  if (!wanted.revision || !wanted.epoch) return false;
  if (wanted.limits === "mm" && !(Number(wanted.mm) > 0 && Number(wanted.mm) <= 10_000)) return false;
  return !wanted.counts || wanted.reason.trim() !== "";
}

/** What asks for a check, its files already brought in. */
export function checkOrder(wanted: Wanted, files: CheckFiles, lang: "en" | "zh"): object {
  const { revision, epoch, limits, mm, pose } = wanted;
  return {
    revision,
    epoch,
    lang,
    ...(limits === "mm" ? { tolerance_mm: mm } : limits === "file" || limits === "default" ? {} : { standard: limits }),
    ...(pose === "file" ? {} : { registration: pose }),
    ...files,
    ...(wanted.counts ? { counts: true, reason: wanted.reason.trim() } : {}),
  };
}

const SIZES = ["B", "kB", "MB", "GB", "TB"] as const;

/** A size as people read it: `1.4 GB`. */
export function sizeSaid(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < SIZES.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit]}`;
}
