/** Progress against the schedule that the model brings along: by task and storey, as a list and as colours. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, type Schemas } from "../core/client";
import {
  dyer,
  type ScheduledElement,
  STANDING_ORDER,
  STANDINGS,
  type Standing,
  scheduledElements,
  standingDyer,
} from "../core/compare";
import { type Key, t } from "../core/i18n";
import { css } from "../core/palette";
import { select, selected, type Workspace } from "../core/state";
import { useAsked } from "./asked";
import { ElementLines, Kinds, MeaningSign } from "./compare-list";
import { Failed, Loading } from "./notices";

type Progress = Schemas["ScheduleProgressOut"];
type Counts = Progress["counts"];

export function ScheduleView({ work }: { work: Workspace }) {
  const check = work.check?.id;
  const at = `/projects/${work.project.id}/schedule-progress?check=${check}`;
  const [state, again] = useAsked(() => (check ? get<Progress>(at) : Promise.resolve(null)), [at]);
  const told = state.kind === "ready" && state.value?.check === check ? state.value : null;
  const rows = useMemo(() => (told ? scheduledElements(told) : []), [told]);
  const shows = told !== null && told.tasks.length > 0;
  useEffect(() => {
    if (shows) dyer.value = standingDyer(rows);
    return () => {
      dyer.value = null;
    };
  }, [shows, rows]);
  if (!check) return <p class="empty">{t("scheduleNoCheck")}</p>;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  if (!told) return <Loading />;
  if (!told.known) return <p class="empty">{t("scheduleUnread")}</p>;
  if (!shows) return <p class="empty">{t("scheduleNone")}</p>;
  return <Shown told={told} rows={rows} />;
}

function Shown({ told, rows }: { told: Progress; rows: readonly ScheduledElement[] }) {
  const [only, setOnly] = useState<Standing | "">("");
  const [within, setWithin] = useState("");
  const tasks = new Map(told.tasks.map((task) => [task.global_id, task]));
  const listed = rows.filter(
    (row) =>
      (only ? row.standing === only : row.standing !== "built" && row.standing !== "unplanned") &&
      (!within || `storey:${row.storey}` === within || `task:${row.task}` === within),
  );
  const building = told.tasks.filter((task) => Object.keys(task.counts).length > 0 || task.elements > 0);
  return (
    <>
      <p class="small">{t("scheduleDay", { day: told.day ?? "" })}</p>
      <Kinds
        kinds={STANDING_ORDER.filter((one) => told.counts[one]).map((one) => ({
          kind: one,
          meaning: STANDINGS[one],
          label: t(`standing.${one}` as Key),
          n: told.counts[one] ?? 0,
        }))}
        only={only}
        onOnly={setOnly}
      />
      <h3>{t("scheduleTasks")}</h3>
      <ul class="plain">
        {building.map((task) => (
          <Group
            key={task.global_id}
            name={[task.identification, task.name].filter(Boolean).join(" ")}
            note={t("schedulePlanned", { start: task.start ?? "–", finish: task.finish ?? "–" })}
            counts={task.counts}
            chosen={within === `task:${task.global_id}`}
            onChoose={() => setWithin(within === `task:${task.global_id}` ? "" : `task:${task.global_id}`)}
          />
        ))}
      </ul>
      <h3>{t("storey")}</h3>
      <ul class="plain">
        {told.storeys.map((one) => (
          <Group
            key={one.storey}
            name={one.storey || "–"}
            note=""
            counts={one.counts}
            chosen={within === `storey:${one.storey}`}
            onChoose={() => setWithin(within === `storey:${one.storey}` ? "" : `storey:${one.storey}`)}
          />
        ))}
      </ul>
      <h3>{t("elements")}</h3>
      <ElementLines
        key={only + within}
        label={t("compare.schedule")}
        rows={listed}
        sign={(row) => <MeaningSign meaning={STANDINGS[row.standing]} />}
        said={(row) => said(row, tasks.get(row.task))}
        isCurrent={(row) => selected.value?.globalId === row.globalId}
        onChoose={(row) => select(row.globalId)}
      />
      <p class="small dim">{t("scheduleRules")}</p>
    </>
  );
}

/** A task or a storey: how many of its elements stand how; choosing it confines the list. */
function Group({
  name,
  note,
  counts,
  chosen,
  onChoose,
}: {
  name: string;
  note: string;
  counts: Counts;
  chosen: boolean;
  onChoose: () => void;
}) {
  const present = STANDING_ORDER.filter((one) => counts[one]);
  return (
    <li>
      <button type="button" class="line changed" aria-pressed={chosen} onClick={onChoose}>
        <strong>{name}</strong>
        {note && <span class="dim small">{note}</span>}
        <span class="shares" aria-hidden="true">
          {present.map((one) => (
            <span key={one} style={{ flexGrow: counts[one] ?? 0, background: css(STANDINGS[one].colour) }} />
          ))}
        </span>
        <span class="counts small">
          {present.length === 0
            ? t("scheduleNothing")
            : present.map((one) => (
                <span key={one}>
                  <span aria-hidden="true">{STANDINGS[one].sign}</span>
                  <span class="spoken">{`${t(`standing.${one}` as Key)} `}</span>
                  {counts[one]}
                </span>
              ))}
        </span>
      </button>
    </li>
  );
}

function said(row: ScheduledElement, task: Progress["tasks"][number] | undefined): string {
  const kind = t(`standing.${row.standing}` as Key);
  if (!task) return kind;
  return `${kind} · ${task.name} · ${t("schedulePlanned", { start: task.start ?? "–", finish: task.finish ?? "–" })}`;
}
