/** What is under way: a line each, with how far it is, a way to end it, and what came of it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { bracketed, type Key, t, word } from "../core/i18n";
import { dismiss, isOver, stop, type Task } from "../core/tasks";
import { told } from "./sign-in";

/** A step of a job in the language of the interface; names of files in it stay. */
export function stepSaid(step: string): string {
  const [, plain = step, aside = ""] = /^(.*?)(?: \((first run: .*)\))?$/.exec(step) ?? [];
  const [, verb = plain, file = ""] = /^(reading) (.+)$/.exec(plain) ?? [];
  const key = verb.replaceAll(" ", "_");
  const said = word("step", key);
  return `${said === key ? plain : said}${file && ` ${file}`}${aside && bracketed(t("stepCompiling"))}`;
}

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
        {!over && task.step && <span class="dim"> {stepSaid(task.step)}</span>}
      </p>
      {(task.fault || fault) && (
        <p class="fault" role="alert">
          {task.fault || fault}
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
