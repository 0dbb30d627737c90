/** Rehearsals of a project: asked for on the server, and what they show over the model. */
import { ask, list, Problem, ROOT, type Schemas, session } from "./client";
import { flowOf, showFlow } from "./flow";
import { t } from "./i18n";
import { follow, type Job } from "./ordering";
import { overlayOf, showOverlay } from "./overlay";
import { fetched } from "./source";

export type Rehearsal = Schemas["RehearsalOut"];

export function rehearsalsOf(project: string): Promise<Rehearsal[]> {
  return list(`/projects/${project}/rehearsals`);
}

/** Return the names of who takes part or has, by user; one's own alone where one may not see the others. */
export async function namesIn(project: string): Promise<Map<string, string>> {
  const mine = session.value?.user;
  const own: [string, string][] = mine ? [[mine.id, mine.name]] : [];
  try {
    const members = await list<Schemas["MemberOut"]>(`/projects/${project}/members`);
    return new Map([...own, ...members.map((one): [string, string] => [one.user, one.name])]);
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return new Map(own);
    throw error;
  }
}

/** Say whether the view can show a file of a rehearsal. */
export const isShown = (name: string): boolean => name.endsWith("-overlay.json") || name === "keyframes.json";

export const fileOf = (project: string, rehearsal: string, name: string): string =>
  `${ROOT}/projects/${project}/rehearsals/${rehearsal}/files/${encodeURIComponent(name)}`;

/** Show what a rehearsal shows over the model, or the run of its line. */
export async function showFile(url: string): Promise<void> {
  const answer = await fetched(url);
  if (!answer.ok) throw new Error(t("problem.other", { status: answer.status }));
  const text = await answer.text();
  const run = flowOf(text);
  if (run) showFlow(run);
  else showOverlay(overlayOf(text));
}

/** Whether an order of assembly is looked for, or that of the model's own tasks judged. */
export const SEQUENCES = ["none", "found", "model_tasks"] as const;
export type Sequence = (typeof SEQUENCES)[number];

/** What can be asked: of the model that is shown, or of a table of units. */
export const KINDS = ["assembly", "prediction", "schedule", "quality"] as const;
export type Kind = (typeof KINDS)[number];

export interface Asked {
  kind: Kind;
  revision: string;
  clearanceMm: string;
  sequence: Sequence;
  /** Only among what the model's tasks have there at the same time. */
  inTime?: boolean;
  /** Measured places of the newest check in place of designed ones. */
  asBuilt?: boolean;
  /** What inspections may take. */
  minutes: string;
  /** What hangs on elements, for a prediction. */
  stakes: Stakes;
  lang: "en" | "zh";
}

export interface Stake {
  /** Of a defect that nobody finds. */
  cost: string;
  /** Of an inspection. */
  minutes: string;
}

/** What hangs on an element, on those of some classes, and from which percentage on something is a candidate. */
export interface Stakes extends Stake {
  candidateFrom: string;
  classes: readonly (Stake & { ifc_class: string })[];
}

export const NO_STAKES: Stakes = { cost: "", minutes: "", candidateFrom: "", classes: [] };

/** Return them as they are sent; what was left open is what the server takes for it. */
function stakesBody({ cost, minutes, candidateFrom, classes }: Stakes): Record<string, unknown> {
  const usual = { cost: cost || "1", minutes: minutes || "10" };
  const share = Number(candidateFrom) / 100;
  return {
    ...usual,
    ...(candidateFrom && { candidate_from: String(share) }),
    classes: classes.map((one) => ({
      ifc_class: one.ifc_class,
      cost: one.cost || usual.cost,
      minutes: one.minutes || usual.minutes,
    })),
  };
}

/** Return what is sent for it. */
export function bodyOf({
  kind,
  revision,
  clearanceMm,
  sequence,
  inTime = false,
  asBuilt = false,
  minutes,
  stakes,
  lang,
}: Asked): Record<string, unknown> {
  const all = { kind, revision, lang };
  if (kind === "assembly") {
    const how = { ...(inTime && { in_time: true }), ...(asBuilt && { as_built: true }) };
    return { ...all, clearance_mm: clearanceMm || "0", sequence, ...how };
  }
  if (kind === "prediction") return { ...all, budget_minutes: minutes || "480", ...stakesBody(stakes) };
  return { ...all, progress: true };
}

/** Have something of a model looked at before it is built, and follow the job to its end. */
export async function rehearse(
  project: string,
  asked: Asked,
  key: string,
  told: (job: Job) => void,
  signal: AbortSignal,
): Promise<Job> {
  const job = await ask<Job>("POST", `/projects/${project}/rehearsals`, { body: bodyOf(asked), key });
  told(job);
  return follow(project, job.id, told, signal);
}
