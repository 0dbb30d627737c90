/** What a model of a line says of its units: `qtems.quality/1` as far as it is shown, and having new units scored. */
import { ask, Problem } from "./client";
import { newKey } from "./keys";
import { follow, type Job } from "./ordering";
import { fileOf } from "./rehearsal";
import { fetched } from "./source";
import { type Phase, transfer } from "./transfer";

export interface UnitScore {
  unit: string;
  probability: number;
  low: number;
  high: number;
}

export interface NewUnits {
  file: string;
  units: number;
  toActOn: number;
  expectedDefective: number;
  outside: number;
  /** The batch at which a chart alarms; null: none does. */
  alarm: number | null;
  likeliest: readonly UnitScore[];
}

export interface UnitModel {
  learntFrom: number;
  defective: number;
  /** Shown to be better than giving every unit the share of defects. */
  useful: boolean;
  /** From which probability on acting pays. */
  threshold: number;
  fresh: NewUnits | null;
  notes: readonly string[];
}

interface Told {
  schema: string;
  learnt_from: { units: number; defective: number };
  tried_on: { better_than_all_alike: boolean };
  threshold: { probability: number };
  new: null | {
    file: string;
    units: number;
    to_act_on: number;
    expected_defective: number;
    outside_of_what_was_learnt_from: number;
    likeliest: UnitScore[];
    drift: { alarm_at_batch: number | null };
  };
  notes: string[];
}

export const SCHEMA = "qtems.quality/1";

/** Return what a result says; throws where it is none of this schema. */
export function modelOf(text: string): UnitModel {
  const told = JSON.parse(text) as Told;
  if (told.schema !== SCHEMA) throw new Problem(422, "other", `schema: ${told.schema}, not ${SCHEMA}`);
  const fresh = told.new;
  return {
    learntFrom: told.learnt_from.units,
    defective: told.learnt_from.defective,
    useful: told.tried_on.better_than_all_alike,
    threshold: told.threshold.probability,
    notes: told.notes,
    fresh: fresh && {
      file: fresh.file,
      units: fresh.units,
      toActOn: fresh.to_act_on,
      expectedDefective: fresh.expected_defective,
      outside: fresh.outside_of_what_was_learnt_from,
      alarm: fresh.drift.alarm_at_batch,
      likeliest: fresh.likeliest,
    },
  };
}

export async function readModel(project: string, rehearsal: string): Promise<UnitModel> {
  const answer = await fetched(fileOf(project, rehearsal, "quality.json"));
  if (!answer.ok) throw new Problem(answer.status, "other", "");
  return modelOf(await answer.text());
}

/** Send new units and have them scored by the model that a run fitted; follow the job to its end. */
export async function scoreUnits(
  asked: { project: string; fitted: string; file: File; lang: "en" | "zh" },
  told: (share: number) => void,
  signal: AbortSignal,
): Promise<Job> {
  const { project, fitted, file, lang } = asked;
  const half = (stage: Phase, share: number) => told(stage === "sending" ? share / 2 : 0);
  const score = await transfer(project, file, half, signal);
  const body = { kind: "quality_score", fitted, score, lang };
  const job = await ask<Job>("POST", `/projects/${project}/rehearsals`, { body, key: newKey() });
  return follow(project, job.id, (now) => told(0.5 + now.progress / 200), signal);
}
