/** What is predicted of a project's elements, what a person says of it, and how it fared: no drawing. */
import { ask, list, type Schemas } from "./client";
import { newKey } from "./keys";
import { submit } from "./outbox";

export type Prediction = Schemas["PredictionOut"];
export type Fared = Schemas["FaredOut"];
export type Worth = Schemas["WorthOut"];

/** In which capacities a person confirms one. */
export const CONFIRMED_AS: readonly Schemas["MemberOut"]["capacities"][number][] = ["inspector", "quality_manager"];

const at = (project: string, id = "") => `/projects/${project}/predictions${id && `/${id}`}`;

/** Return what is predicted and not settled, the most urgent first. */
export async function expectedOf(project: string): Promise<Prediction[]> {
  return ranked(await list<Prediction>(`${at(project)}?state=predicted`));
}

/** Return what was found out or dismissed, the last one first. */
export async function settledOf(project: string): Promise<Prediction[]> {
  const states = ["confirmed", "refuted", "dismissed"] as const;
  const all = await Promise.all(states.map((one) => list<Prediction>(`${at(project)}?state=${one}`)));
  const moment = (one: Prediction) => one.settled?.at ?? "";
  return all.flat().sort((one, other) => moment(other).localeCompare(moment(one)) || byChance(one, other));
}

export function faredOf(project: string): Promise<Fared> {
  return ask("GET", `/projects/${project}/prediction-score`);
}

export type Tab = "candidates" | "inspect" | "found";

/** Return those of a tab: candidates for a nonconformance, or what is worth an inspection within the minutes given. */
export function ofTab(all: readonly Prediction[], tab: Tab): readonly Prediction[] {
  if (tab === "candidates") return all.filter((one) => one.candidate).sort(byChance);
  return tab === "inspect" ? all.filter((one) => one.worth?.chosen) : all;
}

/** Whether it stands in the design as it is: sure, nothing to be measured, and often there by the hundred. */
const ofDesign = (one: Prediction) => one.kind === "clash" && one.low === null;

/** Return what a list begins with, and clashes of the design, which would bury it: these open from one line. */
export function parted(all: readonly Prediction[]): [first: readonly Prediction[], design: readonly Prediction[]] {
  const design = all.filter(ofDesign);
  return design.length === all.length ? [all, []] : [all.filter((one) => !ofDesign(one)), design];
}

const byChance = (one: Prediction, other: Prediction) =>
  Number(other.probability) - Number(one.probability) || one.title.localeCompare(other.title);

/** Order predictions as inspections are worth it; what is no element's inspection comes after, by its probability. */
export function ranked(all: readonly Prediction[]): Prediction[] {
  const rank = (one: Prediction) => one.worth?.rank ?? Number.POSITIVE_INFINITY;
  return [...all].sort((one, other) => (rank(one) === rank(other) ? byChance(one, other) : rank(one) - rank(other)));
}

/** Return what inspecting all of some takes and saves. */
export function sumOf(all: readonly Prediction[]): { minutes: number; saving: number } {
  const sum = (part: "minutes" | "saving") => all.reduce((so, one) => so + Number(one.worth?.[part] ?? 0), 0);
  return { minutes: sum("minutes"), saving: sum("saving") };
}

/** Return a share as people read it: 31 %, 4.2 %, 0.3 %; never 0 or 100 where it is neither. */
export function percent(share: number | string): string {
  const value = 100 * Number(share);
  if (value === 0 || value === 100) return `${value} %`;
  if (value < 0.1) return "< 0.1 %";
  if (value > 99.9) return "> 99.9 %";
  return `${value < 9.95 || value > 90.05 ? value.toFixed(1) : Math.round(value)} %`;
}

/** Return an amount in whatever unit, with as many places as it needs. */
export function amount(value: number | string): string {
  const given = Number(value);
  const places = Math.abs(given) >= 100 ? 0 : Math.abs(given) >= 10 ? 1 : 2;
  return String(Number(given.toFixed(places)));
}

/** Squared distance of what was said from what came (Brier 1950); null where nobody measured. */
export function scoreOf(one: Prediction): number | null {
  if (!one.settled?.check_run) return null;
  return (Number(one.probability) - (one.state === "confirmed" ? 1 : 0)) ** 2;
}

/** Confirm by signature what was seen. */
export function confirm(project: string, one: Prediction, reason: string, password: string): Promise<Prediction> {
  return ask("POST", `${at(project, one.id)}/confirm`, { body: { reason, password }, version: one.version });
}

/** Dismiss with a reason; without a connection it waits on the device. */
export function dismiss(project: string, one: Prediction, reason: string, draft: string): Promise<"sent" | "waiting"> {
  const path = at(project, one.id);
  return submit({
    key: newKey(), project, kind: "other", text: `${one.title} · ${reason}`, about: aboutOf(one), method: "POST",
    path: `${path}/dismiss`, body: { reason }, version: one.version, versionAt: path, draft,
  }); // biome-ignore format: one change
}

export const aboutOf = (one: Prediction): string => `prediction:${one.id}`;

/** Keep a draft of a nonconformance of it. */
export function raise(project: string, one: Prediction, severity: Schemas["Severity"]): Promise<Schemas["NcrOut"]> {
  return ask("POST", `${at(project, one.id)}/raise`, { body: { severity }, version: one.version });
}

/** How it stands after what was measured: what a person has to know of it in one word. */
export type Standing = "nothing" | "few" | "drifts" | "uncalibrated" | "useless" | "holds";

/** Below that an interval holds nearly everything. */
const FEW = 10;
/** 5 % on both sides. */
const BEYOND = 1.96;

export function standingOf(fared: Fared): Standing {
  if (fared.measured === 0) return "nothing";
  if (fared.cusum_alarm_at !== null || fared.ewma_alarm_at !== null) return "drifts";
  if (fared.measured < FEW) return "few";
  if (fared.calibration_z !== null && Math.abs(fared.calibration_z) > BEYOND) return "uncalibrated";
  if (fared.skill === null) return "few"; // everything or nothing happened: no average to be better than
  return fared.skill <= 0 ? "useless" : "holds";
}
