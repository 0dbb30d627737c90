/** Rehearsals of a project: asked for on the server, and what they show over the model. */
import { ask, list, Problem, ROOT, type Schemas, session } from "./client";
import { flowOf, showFlow } from "./flow";
import { t } from "./i18n";
import { newKey } from "./keys";
import { follow, type Job } from "./ordering";
import { overlayOf, showOverlay } from "./overlay";
import { fetched } from "./source";
import { type Phase, transfer } from "./transfer";

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

/** A part by the shape that a scan has of it. */
export interface ScannedPart {
  /** GlobalId. */
  element: string;
  file: File;
}

/** What is asked of a model's parts. */
export interface Assembly {
  clearanceMm: string;
  sequence: Sequence;
  /** Only among what the model's tasks have there at the same time. */
  inTime: boolean;
  /** Measured places of the newest check in place of designed ones. */
  asBuilt: boolean;
  /** Rules for space that has to be free on a side of elements. */
  access: File | null;
  scanned: readonly ScannedPart[];
  /** Standard deviation of a point of those. */
  noiseMm: string;
}

export const NO_ASSEMBLY: Assembly = {
  clearanceMm: "",
  sequence: "none",
  inTime: false,
  asBuilt: false,
  access: null,
  scanned: [],
  noiseMm: "",
};

/** What was sent beside it: identifiers of uploads. */
export interface SentFiles {
  access?: string;
  /** In the order of the parts. */
  scanned?: readonly string[];
}

export interface Asked {
  kind: Kind;
  revision: string;
  assembly: Assembly;
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
export function bodyOf(asked: Asked, sent: SentFiles = {}): Record<string, unknown> {
  const { kind, revision, assembly, minutes, stakes, lang } = asked;
  const all = { kind, revision, lang };
  if (kind === "assembly") return { ...all, ...assemblyBody(assembly, sent) };
  if (kind === "prediction") return { ...all, budget_minutes: minutes || "480", ...stakesBody(stakes) };
  return { ...all, progress: true };
}

function assemblyBody(of: Assembly, { access, scanned = [] }: SentFiles): Record<string, unknown> {
  const shapes = of.scanned.map(({ element }, n) => ({ global_id: element, upload: scanned[n] }));
  return {
    clearance_mm: of.clearanceMm || "0",
    sequence: of.sequence,
    ...(of.inTime && { in_time: true }),
    ...(of.asBuilt && { as_built: true }),
    ...(access && { access }),
    ...(shapes.length > 0 && { shapes, ...(of.noiseMm && { shape_noise_mm: of.noiseMm }) }),
  };
}

export interface Following {
  /** The share of the files that was sent; null once all were. */
  sending: (share: number | null) => void;
  job: (job: Job) => void;
}

/** Have something of a model looked at before it is built, and follow the job to its end; its files are sent before. */
export async function rehearse(project: string, asked: Asked, told: Following, signal: AbortSignal): Promise<Job> {
  const sent = asked.kind === "assembly" ? await send(project, asked.assembly, told.sending, signal) : {};
  told.sending(null);
  const job = await ask<Job>("POST", `/projects/${project}/rehearsals`, { body: bodyOf(asked, sent), key: newKey() });
  told.job(job);
  return follow(project, job.id, told.job, signal);
}

async function send(
  project: string,
  { access, scanned }: Assembly,
  sending: (share: number) => void,
  signal: AbortSignal,
): Promise<SentFiles> {
  const files = [...(access ? [access] : []), ...scanned.map(({ file }) => file)];
  const uploads: string[] = [];
  for (const [n, file] of files.entries()) {
    const here = (phase: Phase, share: number) => sending((n + (phase === "sending" ? share : 0)) / files.length);
    uploads.push(await transfer(project, file, here, signal));
  }
  const [first, ...others] = uploads;
  return access && first ? { access: first, scanned: others } : { scanned: uploads };
}
