/** The check with the pairs: ordered, followed, cancelled, and what came of it. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../core/client";
import { language, t } from "../core/i18n";
import { faultSaid, stepSaid } from "../core/job-said";
import { newKey } from "../core/keys";
import { REGISTER, toggle } from "../core/mode";
import { cancel, follow, hasEnded, type Job, order } from "../core/ordering";
import { askedOf, clear, fit, level, pairs } from "../core/pairs";
import { problemSaid } from "../core/problem-said";
import { unsent } from "../core/records";
import { go } from "../core/route";
import type { Workspace } from "../core/state";

/** The job that goes on, by project and scan: it goes on while somebody looks elsewhere. */
const running = signal<Job | null>(null);

export function HandRun({ work }: { work: Workspace }) {
  const [fault, setFault] = useState("");
  const [counts, setCounts] = useState(false);
  const scan = work.scan?.id ?? "";
  const [reason, setReason] = useState(unsent.read(`reason.${scan}`));
  const project = work.project.id;
  const job = running.value;
  const told = fit.value;
  const sound = typeof told !== "string" && !told.misfit && !told.outlier.some(Boolean);
  const counting = work.check?.counts === true;

  const ending = useRef<AbortController | null>(null);
  useEffect(() => {
    const kept = unsent.read(`job.${scan}`);
    if (kept) watch(kept);
    return () => {
      ending.current?.abort();
      running.value = null;
    };
  }, [scan]);

  /** Follow a job to its end; leaving the panel leaves the job alone, and coming back takes it up again. */
  function watch(id: string): void {
    ending.current?.abort();
    ending.current = new AbortController();
    const told = (seen: Job) => {
      running.value = seen;
    };
    follow(project, id, told, ending.current.signal)
      .then((ended) => {
        unsent.keep(`job.${scan}`, "");
        running.value = null;
        finish(ended);
      })
      .catch((error) => {
        if (!(error instanceof Problem)) return; // aborted
        if (error.status === 404) unsent.keep(`job.${scan}`, "");
        running.value = null;
        setFault(said(error));
      });
  }

  function finish(ended: Job): void {
    if (ended.state !== "succeeded") {
      setFault(ended.state === "cancelled" ? t("handCancelled") : faultSaid(ended));
      return;
    }
    if (ended.result["registration"] === "refused") {
      setFault(t("handRefused"));
    } else {
      clear();
      unsent.keep(`reason.${scan}`, "");
      toggle(REGISTER);
    }
    go({ epoch: scan, check: ended.makes ?? "" });
  }

  async function send(): Promise<void> {
    setFault("");
    const asked = {
      revision: work.model.id, epoch: scan, pairs: pairs.value, level: level.value, lang: language.value,
      reason: counting && counts ? reason.trim() : "", before: work.check ?? work.refused,
    }; // biome-ignore format: one order
    try {
      const begun = await order(project, asked, newKey());
      running.value = begun;
      unsent.keep(`job.${scan}`, begun.id);
      watch(begun.id);
    } catch (error) {
      if (error instanceof Problem) setFault(said(error));
      else throw error;
    }
  }

  if (job && !hasEnded(job)) {
    return (
      <section class="box" aria-label={t("handRun")}>
        <p role="status">
          {t("handRunning")} <span class="dim">{stepSaid(job)}</span>
        </p>
        <progress max={100} value={job.progress} aria-label={t("handRunning")} />
        <button
          type="button"
          disabled={job.cancel_asked}
          onClick={() => void cancel(project, job.id).catch((error) => setFault(said(error)))}
        >
          {t("cancel")}
        </button>
      </section>
    );
  }
  return (
    <section class="stack">
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {counting && (
        <label class="tick">
          <input type="checkbox" checked={counts} onChange={(e) => setCounts(e.currentTarget.checked)} />
          {t("handCounts")}
        </label>
      )}
      {counting && counts && (
        <label class="stack">
          {t("reason")}
          <textarea
            rows={2}
            value={reason}
            onInput={(e) => {
              setReason(e.currentTarget.value);
              unsent.keep(`reason.${scan}`, e.currentTarget.value);
            }}
          />
        </label>
      )}
      <button
        type="button"
        class="primary"
        disabled={!sound || (counting && counts && !reason.trim()) || askedOf(pairs.value).length < pairs.value.length}
        onClick={() => void send()}
      >
        {t("handRun")}
      </button>
      <p class="small dim">{t("handRunHelp")}</p>
    </section>
  );
}

function said(error: unknown): string {
  return error instanceof Problem ? problemSaid(error) : String(error);
}
