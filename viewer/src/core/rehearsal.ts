/** Rehearsals of a project: clashes looked for on the server, and what they show over the model. */
import { ask, list, ROOT, type Schemas } from "./client";
import { follow, type Job } from "./ordering";
import { type Overlay, overlayOf } from "./overlay";
import { fetched } from "./source";

export type Rehearsal = Schemas["RehearsalOut"];

export function rehearsalsOf(project: string): Promise<Rehearsal[]> {
  return list(`/projects/${project}/rehearsals`);
}

/** Return the file of a rehearsal that the view can show; null where it has none. */
export function shownFile(rehearsal: Rehearsal): string | null {
  return rehearsal.files.find(({ name }) => name.endsWith("-overlay.json"))?.name ?? null;
}

export const fileOf = (project: string, rehearsal: string, name: string): string =>
  `${ROOT}/projects/${project}/rehearsals/${rehearsal}/files/${encodeURIComponent(name)}`;

/** Return what a rehearsal shows over the model. */
export async function overlayAt(url: string): Promise<Overlay> {
  const answer = await fetched(url);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return overlayOf(await answer.text());
}

export interface Asked {
  revision: string;
  clearanceMm: string;
  lang: "en" | "zh";
}

/** Have a model looked through for clashes, and follow the job to its end. */
export async function lookForClashes(
  project: string,
  { revision, clearanceMm, lang }: Asked,
  key: string,
  told: (job: Job) => void,
  signal: AbortSignal,
): Promise<Job> {
  const body = { kind: "assembly", revision, clearance_mm: clearanceMm || "0", lang };
  const job = await ask<Job>("POST", `/projects/${project}/rehearsals`, { body, key });
  told(job);
  return follow(project, job.id, told, signal);
}
