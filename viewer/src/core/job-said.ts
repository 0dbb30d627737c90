/** How far long work is and why it failed, in the language of the interface: the server says both in both. */
import type { Schemas } from "./client";
import { language, t } from "./i18n";

type Told = Pick<Schemas["JobOut"], "step" | "error"> & Partial<Pick<Schemas["JobOut"], "step_zh" | "error_zh">>;

/** Steps that the server calls by words of the trade. */
const PLAINLY: Record<string, string> = { tessellating: "making the shapes", registering: "placing the scan" };

/** Return the step of a job; names of files in it stay. */
export function stepSaid(job: Told): string {
  if (language.value === "zh") return job.step_zh || job.step;
  return job.step.replace(/^\w+/, (word) => PLAINLY[word] ?? word);
}

/** Return why a job failed; empty where it did not. */
export function faultSaid(job: Told): string {
  if (language.value === "en" || !job.error) return job.error;
  return job.error_zh || t("problemSays", { said: t("jobFailed"), detail: job.error });
}
