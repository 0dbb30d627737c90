/** What is under way in a project: files that are sent, and the jobs that follow. It goes on while one looks elsewhere. */
import { signal } from "@preact/signals";
import { get, Problem } from "./client";
import { newKey } from "./keys";
import { cancel, follow, type Job } from "./ordering";
import { problemSaid } from "./problem-said";
import { lastingly, type Phase, transfer } from "./transfer";
import { checkTold } from "./under-way";

export type Kind = "import_model" | "import_scans" | "run_check";
export type Stage = Phase | "working" | "done" | "failed" | "cancelled";

export interface Task {
  key: string;
  project: string;
  kind: Kind;
  /** What it is about, as its owner calls it; empty where only the kind is known. */
  title: string;
  stage: Stage;
  /** 0 to 1, of the stage. */
  share: number;
  /** What is being done until there is a job, which says it itself. */
  step: string;
  fault: string;
  job: Job | null;
}

export const tasks = signal<readonly Task[]>([]);
const ENDED: readonly Stage[] = ["done", "failed", "cancelled"];
export const isOver = (task: Task): boolean => ENDED.includes(task.stage);

const ends = new Map<string, AbortController>();

function change(key: string, told: Partial<Task>): void {
  tasks.value = tasks.value.map((one) => (one.key === key ? { ...one, ...told } : one));
  const task = tasks.value.find((one) => one.key === key);
  if (task?.kind === "run_check") tell(task);
}

function tell({ project, stage, share, job }: Task): void {
  if (stage === "cancelled") checkTold.value = null;
  else {
    const state = stage === "done" || stage === "failed" ? stage : "running";
    checkTold.value = { project, check: job?.makes ?? "", share: job ? share : 0, state };
  }
}

function added(project: string, kind: Kind, title: string, job: Job | null): { key: string; end: AbortController } {
  const key = job?.id ?? newKey();
  const end = new AbortController();
  ends.set(key, end);
  const stage = job ? "working" : "reading";
  tasks.value = [...tasks.value, { key, project, kind, title, stage, share: 0, step: "", fault: "", job }];
  return { key, end };
}

/** Send files, then ask for what is to become of them, and follow that to its end. */
export function begin(
  asked: { project: string; kind: Kind; title: string; files: readonly File[] },
  order: (uploads: string[], key: string) => Promise<Job>,
): void {
  const { project, kind, title, files } = asked;
  const { key, end } = added(project, kind, title, null);
  const whole = files.reduce((sum, one) => sum + one.size, 0) || 1;
  void ended(key, end, async () => {
    const uploads: string[] = [];
    let before = 0;
    for (const file of files) {
      const told = (stage: Phase, share: number) => {
        change(key, { stage, share: (before + share * file.size) / whole, step: files.length > 1 ? file.name : "" });
      };
      uploads.push(await transfer(project, file, told, end.signal));
      before += file.size;
    }
    const waits = () => change(key, { stage: "waiting" });
    const job = await lastingly(() => order(uploads, key), waits, end.signal);
    change(key, { stage: "working", share: 0, step: "", job });
    return follow(project, job.id, (now) => change(key, { job: now, share: now.progress / 100 }), end.signal);
  });
}

/** Follow what was asked for before the page was loaded, or by somebody else. */
export async function takeUp(project: string): Promise<void> {
  const states = ["running", "queued"];
  const found = await Promise.all(
    states.map((state) => get<{ items: Job[] }>(`/projects/${project}/jobs?state=${state}&limit=20`)),
  );
  for (const job of found.flatMap((one) => one.items)) {
    if (!isKind(job.kind) || tasks.peek().some((one) => one.job?.id === job.id)) continue;
    const { key, end } = added(project, job.kind, "", job);
    const told = (now: Job) => change(key, { job: now, share: now.progress / 100 });
    void ended(key, end, () => follow(project, job.id, told, end.signal));
  }
}

const isKind = (kind: string): kind is Kind => ["import_model", "import_scans", "run_check"].includes(kind);

async function ended(key: string, end: AbortController, work: () => Promise<Job>): Promise<void> {
  try {
    const job = await work();
    const stage = job.state === "succeeded" ? "done" : job.state === "cancelled" ? "cancelled" : "failed";
    change(key, { stage, job, share: 1, step: "" });
  } catch (error) {
    if (end.signal.aborted) change(key, { stage: "cancelled", step: "" });
    else
      change(key, { stage: "failed", step: "", fault: error instanceof Problem ? problemSaid(error) : String(error) });
  } finally {
    ends.delete(key);
  }
}

/** Give up what is sent, or have a job cancelled: that ends where the job next looks. */
export async function stop(task: Task): Promise<void> {
  if (!task.job) ends.get(task.key)?.abort();
  else await cancel(task.project, task.job.id);
}

export function dismiss(task: Task): void {
  tasks.value = tasks.value.filter((one) => one.key !== task.key);
}

/** Ask before the page is closed while a file is on its way: its rest would have to be chosen again. */
addEventListener("beforeunload", (event) => {
  if (tasks.value.some((one) => !isOver(one) && !one.job)) event.preventDefault();
});
