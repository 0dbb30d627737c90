/** Comparing in one place: scans in time, two scans, two revisions of the model, and the schedule. */
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { get, type Schemas } from "../core/client";
import {
  byGlobalId,
  COMPARE,
  compareView,
  daysBetween,
  dyer,
  otherRevision,
  statusDyer,
  swipe,
  timelineAt,
  VIEWS,
} from "../core/compare";
import type { Columns } from "../core/elements";
import { type Key, t, word } from "../core/i18n";
import { mode } from "../core/mode";
import { css, STATES } from "../core/palette";
import { go } from "../core/route";
import type { Workspace } from "../core/state";
import { useAsked } from "./asked";
import { ChangesView, StatusLegend } from "./compare-changes";
import { RevisionsView } from "./compare-revisions";
import { ScheduleView } from "./compare-schedule";
import { when } from "./fields";
import { Failed, Loading } from "./notices";

type View = ComponentType<{ work: Workspace }>;
const PANELS: Record<(typeof VIEWS)[number], View> = {
  timeline: Timeline,
  changes: ChangesView,
  revisions: RevisionsView,
  schedule: ScheduleView,
};

export function ComparePanel({ work }: { work: Workspace }) {
  useEffect(
    () => () => {
      if (mode.peek() === COMPARE) return; // the same mode on another scan
      dyer.value = null;
      swipe.value = null;
      otherRevision.value = null;
    },
    [],
  );
  const Shown = PANELS[compareView.value];
  return (
    <div class="stack compare">
      <div class="chips" role="group" aria-label={t("compareWhat")}>
        {VIEWS.map((one) => (
          <button
            key={one}
            type="button"
            class={one === compareView.value ? "chip on" : "chip"}
            aria-pressed={one === compareView.value}
            onClick={() => {
              compareView.value = one;
            }}
          >
            {t(`compare.${one}` as Key)}
          </button>
        ))}
      </div>
      <Shown work={work} />
    </div>
  );
}

type Epoch = Schemas["EpochCountsOut"];

/** The scans in time; choosing one dyes the model by what was known after it. */
function Timeline({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => get<Schemas["TimelineOut"]>(`/projects/${project}/timeline`), [project]);
  const kept = timelineAt.value.project === project ? timelineAt.value.epoch : "";
  const chosen = kept || (work.check ? (work.scan?.id ?? "") : "");
  const [known, askAgain] = useAsked(
    async () => (chosen ? await get<Columns>(`/projects/${project}/element-columns?epoch=${chosen}`) : null),
    [project, chosen],
  );
  useEffect(() => {
    const columns = known.kind === "ready" ? (known.value as (Columns & { epoch: string }) | null) : null;
    dyer.value = columns && columns.epoch === chosen ? statusDyer(byGlobalId(columns.global_id, columns.status)) : null;
    return () => {
      dyer.value = null;
    };
  }, [known, chosen]);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const epochs = state.value.items;
  if (epochs.length === 0) return <p class="empty">{t("timelineNone")}</p>;
  const shown = epochs.find((one) => one.epoch === chosen);
  return (
    <>
      <p class="small dim">{t("timelineHelp")}</p>
      <StatusLegend />
      <fieldset class="epochs">
        <legend class="spoken">{t("compare.timeline")}</legend>
        {epochs.map((one, n) => (
          <EpochRow
            key={one.epoch}
            one={one}
            before={epochs[n - 1]}
            chosen={one.epoch === chosen}
            onChoose={() => {
              timelineAt.value = { project, epoch: one.epoch };
            }}
          />
        ))}
      </fieldset>
      {known.kind === "failed" && <Failed problem={known.problem} again={askAgain} />}
      {shown && (
        <div class="stack" role="status">
          {shown.revision !== work.model.id && <p class="small">{t("timelineRevision")}</p>}
          {shown.epoch === work.scan?.id ? (
            <p class="small dim">{t("timelineIsOpen")}</p>
          ) : (
            <button type="button" onClick={() => go({ epoch: shown.epoch, check: "" })}>
              {t("timelineOpen", { name: shown.name })}
            </button>
          )}
        </div>
      )}
    </>
  );
}

function EpochRow({
  one,
  before,
  chosen,
  onChoose,
}: {
  one: Epoch;
  before: Epoch | undefined;
  chosen: boolean;
  onChoose: () => void;
}) {
  const counts = Object.keys(STATES).flatMap((status) => {
    const n = one.counts[status as keyof Epoch["counts"]] ?? 0;
    return n ? [{ status, n }] : [];
  });
  const days = before ? daysBetween(before.captured_at, one.captured_at) : 0;
  return (
    <>
      {days > 0 && <p class="apart">{t("daysLater", { n: days })}</p>}
      <label class="epoch-row">
        <input type="radio" name="compare-epoch" checked={chosen} disabled={!one.check} onChange={onChoose} />
        <span>
          <strong>{one.name}</strong> <span class="dim small">{when(one.captured_at)}</span>
          {one.check ? (
            <>
              <span class="shares" aria-hidden="true">
                {counts.map(({ status, n }) => (
                  <span key={status} style={{ flexGrow: n, background: css(STATES[status]?.colour ?? [0, 0, 0]) }} />
                ))}
              </span>
              <span class="counts small">
                {counts.map(({ status, n }) => (
                  <span key={status} title={word("status", status)}>
                    <span aria-hidden="true">{STATES[status]?.sign}</span>
                    <span class="spoken">{`${word("status", status)} `}</span>
                    {n}
                  </span>
                ))}
              </span>
            </>
          ) : (
            <span class="small dim block">{t(one.refused ? "timelineRefused" : "timelineNotChecked")}</span>
          )}
        </span>
      </label>
    </>
  );
}
