/** Ordering a check with pairs that were picked, and following its job. */
import { ask, get, Problem, ROOT, type Schemas } from "./client";
import { isWhole, type Pairs, sigmaOf } from "./pairs";

export type Job = Schemas["JobOut"];
export type Registration = Schemas["RegistrationOut"];

export interface Order {
  revision: string;
  epoch: string;
  pairs: Pairs;
  level: boolean;
  lang: "en" | "zh";
  /** Why it is to count in place of the check that does; empty where it need not. */
  reason: string;
  /** The check that was made before: by the same tolerances, so that both can be compared, and the same files. */
  before: Schemas["CheckOut"] | null;
}

type Format = NonNullable<Schemas["NewCheck"]["formats"]>[number];
const FORMATS: Record<string, Format> = {
  html: "html", pdf: "pdf", xlsx: "xlsx", bcf: "bcf", bcfzip: "bcf", glb: "glb", laz: "cloud",
}; // biome-ignore format: a table

/** Return what asks for the files again that a check wrote. */
function formatsOf(check: Schemas["CheckOut"]): Format[] {
  const found = check.files.map(({ name }) => FORMATS[name.split(".").at(-1) ?? ""]);
  return [...new Set(found.filter((one): one is Format => one !== undefined))];
}

export function order(project: string, asked: Order, key: string): Promise<Job> {
  const pairs = asked.pairs.filter(isWhole).map((pair) => ({
    name: pair.name,
    scan: pair.scan.at.map((value) => value.toFixed(6)),
    design: pair.design.at.map((value) => value.toFixed(6)),
    sigma_mm: (1000 * sigmaOf(pair)).toFixed(1),
  }));
  const body = {
    revision: asked.revision, epoch: asked.epoch, pairs, level: asked.level, lang: asked.lang,
    ...(asked.before ? { formats: formatsOf(asked.before), tolerances_of: asked.before.id } : {}),
    ...(asked.reason ? { counts: true, reason: asked.reason } : {}),
  }; // biome-ignore format: one order
  return ask("POST", `/projects/${project}/checks`, { body, key });
}

export const registrationOf = (project: string, check: string, signal?: AbortSignal): Promise<Registration> =>
  get(`/projects/${project}/checks/${check}/registration`, signal);

export const cancel = (project: string, job: string): Promise<Job> =>
  ask("POST", `/projects/${project}/jobs/${job}/cancel`);

const ENDED: readonly string[] = ["succeeded", "failed", "cancelled"];
export const hasEnded = (job: Job): boolean => ENDED.includes(job.state);

/** Tell of a job by its events until it has ended; asks now and then where events cannot come. */
export function follow(project: string, id: string, told: (job: Job) => void, signal: AbortSignal): Promise<Job> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const source = new EventSource(`${ROOT}/projects/${project}/jobs/${id}/events`);
    const over = () => {
      source.close();
      reject(signal.reason);
    };
    signal.addEventListener("abort", over, { once: true });
    source.addEventListener("job", (event) => {
      const now = JSON.parse((event as MessageEvent<string>).data) as Job;
      told(now);
      if (!hasEnded(now)) return;
      source.close();
      signal.removeEventListener("abort", over);
      resolve(now);
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // the browser asks again by itself
      signal.removeEventListener("abort", over);
      askedFor(project, id, told, signal).then(resolve, reject);
    });
  });
}

/** Ask for a job until it has ended; a connection that is lost for a while is no end. */
async function askedFor(project: string, id: string, told: (job: Job) => void, signal: AbortSignal): Promise<Job> {
  for (let misses = 0; ; ) {
    try {
      const job = await get<Job>(`/projects/${project}/jobs/${id}`, signal);
      misses = 0;
      told(job);
      if (hasEnded(job)) return job;
    } catch (error) {
      misses += 1;
      if (!(error instanceof Problem) || error.status !== 0 || misses > 40) throw error;
    }
    await pause(700 + 300 * Math.min(misses, 10), signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new DOMException("ended", "AbortError"));
    if (signal.aborted) ended();
    signal.addEventListener("abort", ended, { once: true });
    setTimeout(resolve, ms);
  });
}
