/** Having it learnt how probably units of a line are defective: what is asked of a table, and how it is sent. */
import { ask } from "./client";
import { newKey } from "./keys";
import { follow, type Job } from "./ordering";
import { type Phase, transfer } from "./transfer";

export interface Learning {
  outcome: string;
  /** What stands there when a unit was defective; empty where that is plain, such as 0 and 1. */
  defective: string;
  time: string;
  group: string;
  identifier: string;
  /** Of a defect that nobody acted on, and of acting on a unit: both or neither. */
  escape: string;
  action: string;
  /** Percent of the defects that acting prevents. */
  effectiveness: string;
  /** Yield to be reached by acting, in percent. */
  goal: string;
  ignore: readonly string[];
}

export const NO_LEARNING: Learning = {
  outcome: "",
  defective: "",
  time: "",
  group: "",
  identifier: "",
  escape: "",
  action: "",
  effectiveness: "",
  goal: "",
  ignore: [],
};

const HEAD_BYTES = 1 << 20;

/** Return the names in the head of a CSV file as the server reads it; none of what is no text, such as Parquet. */
export async function columnsOf(file: Blob): Promise<string[]> {
  const head = await file.slice(0, HEAD_BYTES).text();
  if (head.startsWith("PAR1")) return [];
  const line = (/^[^\r\n]*/.exec(head.replace(/^\uFEFF/, "")) ?? [""])[0];
  const times = (sign: string) => line.split(sign).length;
  const [sign = ","] = [",", ";", "\t"].sort((one, other) => times(other) - times(one));
  return cells(line, sign).filter((name) => name !== "");
}

function cells(line: string, sign: string): string[] {
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^${sign}]*))(?:${sign}|$)`, "y");
  const found: string[] = [];
  while (cell.lastIndex < line.length) {
    const [, quoted, plain = ""] = cell.exec(line) ?? [];
    found.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (cell.lastIndex === 0) break; // a quote that does not end
  }
  return found;
}

/** What is still missing: a column of the outcome, or one of two costs. */
export function lackOf(asked: Learning): "outcome" | "costs" | "" {
  if (!asked.outcome) return "outcome";
  return (asked.escape === "") === (asked.action === "") ? "" : "costs";
}

/** Return what is sent for it; what was left open is what the server takes for it. */
export function learningBody(asked: Learning): Record<string, unknown> {
  const { outcome, effectiveness, goal, ignore, ...words } = asked;
  const given = Object.entries(words).filter(([, value]) => value !== "");
  return {
    outcome,
    ...Object.fromEntries(given),
    ...(ignore.length > 0 && { ignore: ignore.filter((one) => one !== outcome) }),
    ...(effectiveness && { effectiveness: share(effectiveness) }),
    ...(goal && { goal: share(goal) }),
  };
}

const share = (percent: string): string => String(Number((Number(percent) / 100).toFixed(6)));

/** Send a table of units and have a model learnt of it; follow the job to its end. */
export async function learn(
  of: { project: string; file: File; asked: Learning; lang: "en" | "zh" },
  sending: (share: number) => void,
  told: (job: Job) => void,
  signal: AbortSignal,
): Promise<Job> {
  const { project, file, asked, lang } = of;
  const here = (stage: Phase, part: number) => sending(stage === "sending" ? part : 0);
  const upload = await transfer(project, file, here, signal);
  const body = { kind: "quality", upload, lang, ...learningBody(asked) };
  const job = await ask<Job>("POST", `/projects/${project}/rehearsals`, { body, key: newKey() });
  told(job);
  return follow(project, job.id, told, signal);
}
