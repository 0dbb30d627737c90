/** What is under way: a line each, with how far it is, a way to end it, and what came of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Key, t } from "../core/i18n";
import { faultSaid, stepSaid } from "../core/job-said";
import { dismiss, isOver, stop, type Task } from "../core/tasks";
import { told } from "./sign-in";

function stageSaid(task: Task): string {
  if (isRefused(task)) return t("stage.refused");
  if (task.stage === "failed" && task.kind === "run_check") return t("stage.checkFailed");
  if (task.stage === "working" && task.job?.state === "queued") return t("stage.queued");
  return t(`stage.${task.stage}`);
}

export const isRefused = (task: Task): boolean =>
  task.kind === "run_check" && task.stage === "done" && task.job?.result["registration"] === "refused";

const titleOf = (task: Task): string => [t(`task.${task.kind}` as Key), task.title].filter(Boolean).join(" · ");

export function TaskLine({ task, show }: { task: Task; show?: (task: Task) => Promise<void> }) {
  const [fault, setFault] = useState("");
  const over = isOver(task);
  const step = task.job ? stepSaid(task.job) : task.step;
  const said = fault || task.fault || (task.stage === "failed" && task.job ? faultSaid(task.job) : "");
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!over) line.current?.scrollIntoView({ block: "nearest" }); // its form may be far below
  }, []);
  const bad = task.stage === "failed" || isRefused(task);
  return (
    <li ref={line} class={bad ? "task bad" : over ? "task over" : "task"} data-stage={task.stage}>
      <div class="between">
        <strong>{titleOf(task)}</strong>
        {over && (
          <button type="button" class="quiet" aria-label={t("taskDismiss")} onClick={() => dismiss(task)}>
            ✕
          </button>
        )}
      </div>
      <p role="status" class="small">
        {bad ? "✕ " : task.stage === "done" ? "✓ " : ""}
        {stageSaid(task)}
        {!over && step && <span class="dim"> {step}</span>}
      </p>
      {said && (
        <p class="fault" role="alert">
          {said}
        </p>
      )}
      {!over && (
        <div class="running">
          <progress max={100} value={Math.round(100 * task.share)} aria-label={titleOf(task)} />
          <span class="small number">{Math.round(100 * task.share)} %</span>
          <button
            type="button"
            aria-label={t("taskCancel", { name: titleOf(task) })}
            disabled={task.job?.cancel_asked === true}
            onClick={() => void stop(task).catch((error) => setFault(told(error)))}
          >
            {t("cancel")}
          </button>
        </div>
      )}
      {task.stage === "done" && show && (
        <button type="button" onClick={() => void show(task).catch((error) => setFault(told(error)))}>
          {t(isRefused(task) ? "hand" : "taskShow")}
        </button>
      )}
    </li>
  );
}
