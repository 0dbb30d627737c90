/** One project: the model, the table beside it, and what is known of the element that is chosen. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, type Schemas } from "../core/client";
import { t } from "../core/i18n";
import { BEGIN, INSPECT, mode, REGISTER, toggle } from "../core/mode";
import { go, place } from "../core/route";
import { isInDialog, narrow } from "../core/screen";
import { inFolder } from "../core/source";
import { open, selected, type Workspace, workspace } from "../core/state";
import { type CheckTold, checkTold } from "../core/under-way";
import { Detail } from "./detail";
import { PartFailed, useLate } from "./late";
import { Tools } from "./legend";
import { Beside, Dock, hasBeside, Rail, Tasks } from "./modes";
import { Failed, Loading } from "./notices";
import { NcrCard } from "./records";
import { ElementList } from "./table";
import { Viewport } from "./viewport";

/** On a phone one of them is seen at a time below the view. */
type Sheet = "table" | "tools" | "details" | "tasks";
const sheet = signal<Sheet | "">("");

export function Project() {
  const { project, epoch, check } = place.value;
  useEffect(() => void open(project, epoch, check), [project, epoch, check]);
  const state = workspace.value;
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed" && state.problem.kind === "no-model") return <Start project={project} />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={() => void open(project, epoch, check)} />;
  return <Ready work={state.value} />;
}

/** Where a project begins that has no model yet. */
function Start({ project }: { project: string }) {
  const { shown: Page, again } = useLate("begin", async () => (await import("./begin")).StartPage);
  return Page ? <Page project={project} /> : again ? <PartFailed again={again} /> : <Loading />;
}

/** How far a check is that was asked for, and what came of it, where its own line is not in sight. */
function CheckStrip({ work }: { work: Workspace }) {
  const told = checkTold.value;
  const elsewhere = !told || told.project !== work.project.id || told.check === work.check?.id;
  const isFirst = !elsewhere && told.state === "done" && !work.check && !work.refused;
  const first = isFirst && !mode.value && !isInDialog(); // who is at something else is not torn from it
  useEffect(() => {
    if (first) void look(told).catch(() => undefined);
  }, [first]);
  if (elsewhere || first) return null;
  if (told.state === "running")
    return (
      <div class="strip" role="status">
        {t("checkRuns", { n: Math.round(100 * told.share) })}
      </div>
    );
  const done = told.state === "done";
  return (
    <div class={done ? "strip between" : "strip warn between"} role="status">
      <span>{t(done ? "checkIsDone" : "checkHasFailed")}</span>
      <button type="button" onClick={() => (done ? void look(told).catch(() => undefined) : files())}>
        {t("showIt")}
      </button>
    </div>
  );
}

function files(): void {
  checkTold.value = null;
  toggle(BEGIN);
}

async function look({ project, check }: CheckTold): Promise<void> {
  const run = await get<Schemas["CheckOut"]>(`/projects/${project}/checks/${check}`);
  checkTold.value = null;
  if (place.value.project === project) go({ epoch: run.epoch, check });
}

function Ready({ work }: { work: Workspace }) {
  const chosen = selected.value;
  const { record } = place.value;
  const going = mode.value;
  useEffect(() => {
    // a mode's panel is beside the details
    if (chosen || going) sheet.value = "details";
    else if (sheet.value === "details") sheet.value = "";
  }, [chosen, going]);
  useEffect(() => {
    if (record.startsWith("inspection:")) mode.value = INSPECT;
  }, [record]);
  const folded = narrow.value;
  const sheets: readonly Sheet[] = inFolder() ? ["table", "tools", "details"] : ["table", "tools", "details", "tasks"];
  return (
    <div class="work" data-sheet={sheet.value} data-mode={going}>
      <Tasks work={work} />
      <aside class="side left">
        <ElementList />
      </aside>
      <div class="middle">
        {going !== BEGIN && <CheckStrip work={work} />}
        {!work.check && !work.refused && checkTold.value?.project !== work.project.id && (
          <div class="strip between" role="status">
            <span>
              {t("noEpoch")} {t("noEpochHint")}
            </span>
            {going !== BEGIN && !inFolder() && (
              <button type="button" onClick={() => toggle(BEGIN)}>
                {t("beginHere")}
              </button>
            )}
          </div>
        )}
        {work.refused && going !== REGISTER && (
          <div class="strip warn between" role="alert">
            <span>{t("refused")}</span>
            {work.scan?.has_scene && work.scene && !inFolder() && (
              <button type="button" onClick={() => toggle(REGISTER)}>
                {t("hand")}
              </button>
            )}
          </div>
        )}
        <div class="view" data-beside={hasBeside(going)}>
          {work.scene ? <Viewport work={work} /> : <p class="empty">{t("noScene")}</p>}
          <div class="overlay">
            <Tools work={work} />
            {folded && <Rail work={work} />}
          </div>
          {!folded && <Rail work={work} />}
          <Beside work={work} />
        </div>
      </div>
      <aside class="side right">
        <Dock work={work} />
        <Detail />
      </aside>
      <nav class="tabs" aria-label={t("menu")}>
        {sheets.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={sheet.value === one}
            onClick={() => {
              sheet.value = sheet.value === one ? "" : one;
            }}
          >
            {t(one === "tools" ? "view" : one)}
          </button>
        ))}
      </nav>
      {record.startsWith("ncr:") && (
        <NcrCard project={work.project.id} id={record.slice(4)} onEnd={() => go({ record: "" })} />
      )}
    </div>
  );
}

export function EpochChoice() {
  const state = workspace.value;
  if (state.kind !== "ready" || state.value.scans.length === 0) return null;
  const { scans, scan } = state.value;
  return (
    <label class="inline epoch">
      <span>{t("epoch")}</span>
      <select value={scan?.id ?? ""} onChange={(e) => go({ epoch: e.currentTarget.value, check: "" })}>
        {scans.map((one) => (
          <option key={one.id} value={one.id}>
            {`${one.name} · ${one.captured_at.slice(0, 10)}`}
          </option>
        ))}
      </select>
    </label>
  );
}
