/** What is shown while something loads, and when it failed: always with a way on. */
import { useEffect, useRef } from "preact/hooks";
import { type Problem, signedOut } from "../core/client";
import { onReturn } from "../core/connection";
import { t } from "../core/i18n";
import { problemSaid } from "../core/problem-said";

export function Loading() {
  return (
    <div class="notice" role="status" aria-live="polite">
      <span class="spinner" aria-hidden="true" />
      {t("loading")}
    </div>
  );
}

/** Call something when the server is heard again, and when somebody has signed in again. */
export function useReturn(again: () => void): void {
  const latest = useRef(again);
  latest.current = again;
  const out = signedOut.value;
  const before = useRef(out);
  useEffect(() => onReturn(() => latest.current()), []);
  useEffect(() => {
    if (before.current && !out) latest.current();
    before.current = out;
  }, [out]);
}

export function Failed({ problem, again }: { problem: Problem; again: () => void }) {
  const empty = problem.kind === "no-model";
  useReturn(() => {
    if (problem.status === 0 || problem.status === 401) again();
  });
  const said = empty ? t("noModel") : problemSaid(problem);
  return (
    <div class="notice" role={empty ? "status" : "alert"}>
      {empty && <h2>{t("nothingYetTitle")}</h2>}
      <p>{said}</p>
      {empty && <p class="dim">{t("noModelHint")}</p>}
      <button type="button" onClick={again}>
        {t("retry")}
      </button>
    </div>
  );
}

/** Why the last thing that was asked for did not happen; nothing when it did. */
export function Refusal({ fault }: { fault: Problem | null }) {
  return fault && <p role="alert">{problemSaid(fault)}</p>;
}
