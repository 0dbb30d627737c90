/** Rehearsals of a project: clashes looked for on the server, and what they show over the model. */
import { ask, list, ROOT, type Schemas } from "./client";
import { follow, type Job } from "./ordering";
import { type Overlay, overlayOf } from "./overlay";
import { fetched } from "./source";

export type Rehearsal = Schemas["RehearsalOut"];

export function rehearsalsOf(project: string): Promise<Rehearsal[]> {
  return list(`/projects/${project}/rehearsals`);
}

/** Say whether the view can show a file of a rehearsal. */
export const isShown = (name: string): boolean => name.endsWith("-overlay.json");

export const fileOf = (project: string, rehearsal: string, name: string): string =>
  `${ROOT}/projects/${project}/rehearsals/${rehearsal}/files/${encodeURIComponent(name)}`;

/** Return what a rehearsal shows over the model. */
export async function overlayAt(url: string): Promise<Overlay> {
  const answer = await fetched(url);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return overlayOf(await answer.text());
}

/** Whether an order of assembly is looked for, or that of the model's own tasks judged. */
export const SEQUENCES = ["none", "found", "model_tasks"] as const;
export type Sequence = (typeof SEQUENCES)[number];

export interface Asked {
  revision: string;
  clearanceMm: string;
  sequence: Sequence;
  lang: "en" | "zh";
}

/** Have a model looked through for clashes, and follow the job to its end. */
export async function lookForClashes(
  project: string,
  { revision, clearanceMm, sequence, lang }: Asked,
  key: string,
  told: (job: Job) => void,
  signal: AbortSignal,
): Promise<Job> {
  const body = { kind: "assembly", revision, clearance_mm: clearanceMm || "0", sequence, lang };
  const job = await ask<Job>("POST", `/projects/${project}/rehearsals`, { body, key });
  told(job);
  return follow(project, job.id, told, signal);
}
