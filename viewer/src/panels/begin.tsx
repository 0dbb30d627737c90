/** Where a project begins, and goes on: its models and scans are taken in here, and checks asked for. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, list, Problem, type Schemas } from "../core/client";
import { type Key, listed, t } from "../core/i18n";
import { BEGIN, mode, REGISTER } from "../core/mode";
import { may, type Right, type Role, roleIn, whoMay } from "../core/permits";
import { go, place } from "../core/route";
import { isInDialog } from "../core/screen";
import { open, type Workspace } from "../core/state";
import { type Task, takeUp, tasks } from "../core/tasks";
import { CheckRun, type Stock } from "./begin-check";
import { ModelIn } from "./begin-model";
import { ScanIn } from "./begin-scan";
import { isRefused, TaskLine } from "./begin-tasks";
import { Failed, Loading } from "./notices";

async function stockOf(id: string): Promise<Stock> {
  const at = `/projects/${id}`;
  const [project, models, scans, checks, role] = await Promise.all([
    get<Schemas["ProjectOut"]>(at),
    list<Schemas["ModelOut"]>(`${at}/models`),
    list<Schemas["ScanOut"]>(`${at}/scans`),
    list<Schemas["CheckOut"]>(`${at}/checks`),
    roleIn(id),
  ]);
  return { project, models, scans, checks, role };
}

/** As a page of its own: the project has no model yet. */
export function StartPage({ project }: { project: string }) {
  const shown = (task: Task) => {
    if (task.kind !== "import_model") return;
    mode.value = BEGIN; // beside the model, what comes next
    void open(project, "", "");
  };
  return (
    <main class="page start">
      <Begin project={project} heading="h2" done={shown} named />
    </main>
  );
}

/** Beside the model. */
export function BeginPanel({ work }: { work: Workspace }) {
  const project = work.project.id;
  const done = (task: Task) => {
    if (task.kind === "run_check" && !isInDialog()) void show(task).catch(() => undefined); // its line leads there, too
  };
  return (
    <div class="begin">
      <Begin project={project} heading="h3" done={done} epoch={work.scan?.id ?? ""} />
    </div>
  );
}

/** Show what came of a task; a refused registration leads to the pairs. */
async function show(task: Task): Promise<void> {
  const { epoch, check } = place.value;
  const made = task.job?.makes ?? "";
  if (task.kind === "import_model") await open(task.project, epoch, check);
  else if (task.kind === "import_scans") go({ epoch: made, check: "" });
  else {
    const run = await get<Schemas["CheckOut"]>(`/projects/${task.project}/checks/${made}`);
    if (place.value.project !== task.project) return; // somebody went elsewhere meanwhile
    if (check === made) await open(task.project, run.epoch, made);
    else go({ epoch: run.epoch, check: made });
    mode.value = isRefused(task) ? REGISTER : "";
  }
}

interface Asked {
  project: string;
  heading: "h2" | "h3";
  /** Called once for each task that was seen here and succeeded. */
  done: (task: Task) => void;
  named?: boolean;
  epoch?: string;
}

function Begin({ project, heading: Heading, done, named = false, epoch = "" }: Asked) {
  const [stock, setStock] = useState<Stock | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const mine = tasks.value.filter((one) => one.project === project);
  const over = mine.filter((one) => one.stage === "done").map((one) => one.key);
  const [seen, setSeen] = useState<readonly string[]>(over);
  const load = () => {
    setProblem(null);
    stockOf(project)
      .then(setStock)
      .catch((error) => setProblem(error instanceof Problem ? error : new Problem(0, "offline", String(error))));
  };
  useEffect(load, [project]);
  useEffect(() => void takeUp(project).catch(() => undefined), [project]);
  useEffect(() => {
    const fresh = mine.filter((one) => one.stage === "done" && !seen.includes(one.key));
    if (fresh.length === 0) return;
    setSeen(over);
    load();
    for (const one of fresh) done(one);
  }, [over.join()]);

  if (problem) return <Failed problem={problem} again={load} />;
  if (!stock) return <Loading />;
  const { models, scans, role } = stock;
  const newest = models.reduce<Schemas["ModelOut"] | null>((a, b) => (a && a.number > b.number ? a : b), null);
  const not = (right: Right, key: Key) => <Not role={role} right={right} said={key} />;
  return (
    <>
      {named && <h1>{stock.project.name}</h1>}
      <p class="dim words">{t("beginLead")}</p>
      {mine.length > 0 && (
        <ul class="plain under-way" aria-label={t("underWay")}>
          {mine.toReversed().map((one) => (
            <TaskLine key={one.key} task={one} {...(named && one.kind !== "import_model" ? {} : { show })} />
          ))}
        </ul>
      )}
      <div class="phases">
        <Step n={1} done={newest !== null} title={t("beginModel")} heading={Heading}>
          <p>
            {newest ? t("modelNow", { n: newest.number, name: newest.file_name }) : t("modelNone")}{" "}
            {models.length > 1 && <span class="dim">{t("modelsEarlier", { n: models.length - 1 })}</span>}
          </p>
          {may(role, "model.upload") ? <ModelIn project={project} models={models} /> : not("model.upload", "beginNot")}
        </Step>
        <Step n={2} done={scans.length > 0} title={t("beginScans")} heading={Heading}>
          {scans.length === 0 && <p>{t("scansNone")}</p>}
          <ul class="plain">
            {scans.map((one) => (
              <li key={one.id}>
                {one.name} <span class="dim">{one.captured_at.slice(0, 10)}</span>
              </li>
            ))}
          </ul>
          {may(role, "scan.upload") ? <ScanIn project={project} /> : not("scan.upload", "beginNot")}
        </Step>
        <Step n={3} done={stock.checks.length > 0} title={t("beginCheck")} heading={Heading}>
          {!may(role, "check.run") ? (
            not("check.run", "beginNotCheck")
          ) : models.length > 0 && scans.length > 0 ? (
            <CheckRun project={project} stock={stock} epoch={epoch} />
          ) : (
            <p class="dim">{t("checkNeeds")}</p>
          )}
        </Step>
      </div>
    </>
  );
}

function Not({ role, right, said }: { role: Role | null; right: Right; said: Key }) {
  if (may(role, right)) return null;
  const who = whoMay(right).map((one) => t(`role.${one}` as Key));
  return <p class="small dim">{t(said, { who: listed(who) })}</p>;
}

interface StepAsked {
  n: number;
  done: boolean;
  title: string;
  heading: "h2" | "h3";
  children: ComponentChildren;
}

function Step({ n, done, title, heading: Heading, children }: StepAsked) {
  return (
    <section class="card step" data-step={n}>
      <Heading>
        <span class={done ? "nth done" : "nth"} aria-hidden="true">
          {done ? "✓" : n}
        </span>
        {title}
      </Heading>
      {children}
    </section>
  );
}
