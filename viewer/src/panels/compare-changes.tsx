/** Two scans: what became of the elements in between, as colours and as a list, or both looks with a handle between. */
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { get, type Schemas } from "../core/client";
import {
  byGlobalId,
  CHANGE_ORDER,
  CHANGES,
  type ChangedElement,
  changeDyer,
  changedElements,
  dyer,
  type EpochChange,
  pair,
  statusDyer,
  swipe,
  swipeMissing,
  swiping,
} from "../core/compare";
import type { Columns } from "../core/elements";
import { type Key, listed, t, word } from "../core/i18n";
import { css, inkOn, STATES } from "../core/palette";
import { select, selected, type Workspace } from "../core/state";
import { useAsked } from "./asked";
import { ElementLines, Kinds, MeaningSign } from "./compare-list";
import { Choice, when } from "./fields";
import { Failed, Loading } from "./notices";

export function ChangesView({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => get<Schemas["TimelineOut"]>(`/projects/${project}/timeline`), [project]);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const checked = state.value.items.filter((one) => one.check);
  if (checked.length < 2) return <p class="empty">{t("compareNeedTwo")}</p>;
  return <Pair work={work} epochs={checked} />;
}

type Epoch = Schemas["EpochCountsOut"];

function Pair({ work, epochs }: { work: Workspace; epochs: readonly Epoch[] }) {
  const open = Math.max(
    1,
    epochs.findIndex((one) => one.epoch === work.scan?.id),
  );
  const kept = pair.value.project === work.project.id ? pair.value : null;
  const at = (id: string | undefined, other: number) => {
    const found = epochs.findIndex((one) => one.epoch === id);
    return found < 0 ? other : found;
  };
  const [one, two] = [at(kept?.before, open - 1), at(kept?.after, open)];
  const [before, after] = [epochs[Math.min(one, two)] as Epoch, epochs[Math.max(one, two)] as Epoch];
  const choose = (change: { before?: string; after?: string }) => {
    pair.value = { project: work.project.id, before: before.epoch, after: after.epoch, ...change };
  };
  useLayoutEffect(() => {
    pair.value = { project: work.project.id, before: before.epoch, after: after.epoch }; // a link names them
  }, [work.project.id, before.epoch, after.epoch]);
  const named = (among: readonly Epoch[]) =>
    among.map((epoch) => [epoch.epoch, `${epoch.name} · ${when(epoch.captured_at).slice(0, 10)}`] as const);
  return (
    <>
      <div class="pair">
        <Choice
          label={t("compareEarlier")}
          value={before.epoch}
          onValue={(id) => choose({ before: id })}
          options={named(epochs.filter((epoch) => epoch.captured_at < after.captured_at))}
        />
        <Choice
          label={t("compareLater")}
          value={after.epoch}
          onValue={(id) => choose({ after: id })}
          options={named(epochs.filter((epoch) => epoch.captured_at > before.captured_at))}
        />
      </div>
      <div class="chips" role="group" aria-label={t("compareHow")}>
        {[false, true].map((way) => (
          <button
            key={String(way)}
            type="button"
            class={way === swiping.value ? "chip on" : "chip"}
            aria-pressed={way === swiping.value}
            onClick={() => {
              swiping.value = way;
            }}
          >
            {t(way ? "compareSwipe" : "compareDifference")}
          </button>
        ))}
      </div>
      {swiping.value ? (
        <Swiped work={work} before={before} after={after} />
      ) : (
        <Differences work={work} before={before} after={after} />
      )}
    </>
  );
}

interface Two {
  work: Workspace;
  before: Epoch;
  after: Epoch;
}

function Swiped({ work, before, after }: Two) {
  const ask = (epoch: Epoch) =>
    get<Columns & { epoch: string }>(`/projects/${work.project.id}/element-columns?epoch=${epoch.epoch}`);
  const [state, again] = useAsked(() => Promise.all([ask(before), ask(after)]), [before.epoch, after.epoch]);
  useEffect(() => {
    swipeMissing.value = "";
    if (state.kind !== "ready") return;
    const [left, right] = state.value;
    if (left.epoch !== before.epoch || right.epoch !== after.epoch) return;
    const named = (epoch: Epoch) => `${epoch.name} · ${when(epoch.captured_at).slice(0, 10)}`;
    swipe.value = {
      left: statusDyer(byGlobalId(left.global_id, left.status)),
      right: statusDyer(byGlobalId(right.global_id, right.status)),
      leftName: named(before),
      rightName: named(after),
      leftCheck: before.check ?? "",
      rightCheck: after.check ?? "",
    };
    return () => {
      swipe.value = null;
    };
  }, [state, before.epoch, after.epoch]);
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  return (
    <>
      <p class="small dim">{t("swipeHelp")}</p>
      <StatusLegend />
      {state.kind === "loading" && <Loading />}
      {swipeMissing.value && <p role="alert">{t("swipeMissing", { name: swipeMissing.value })}</p>}
    </>
  );
}

/** What the colours of the known states mean. */
export function StatusLegend() {
  return (
    <ul class="legend">
      {Object.entries(STATES).map(([status, { colour, sign }]) => (
        <li key={status}>
          <span class="sign" style={{ background: css(colour), color: inkOn(colour) }} aria-hidden="true">
            {sign}
          </span>
          {word("status", status)}
        </li>
      ))}
    </ul>
  );
}

function Differences({ work, before, after }: Two) {
  const query = `before=${before.epoch}&after=${after.epoch}`;
  const [state, again] = useAsked(
    () => get<Schemas["EpochChangesOut"]>(`/projects/${work.project.id}/epoch-changes?${query}`),
    [query],
  );
  const told =
    state.kind === "ready" && state.value.before.epoch === before.epoch && state.value.after.epoch === after.epoch
      ? state.value
      : null;
  const rows = useMemo(() => (told ? changedElements(told) : []), [told]);
  useEffect(() => {
    dyer.value = told ? changeDyer(rows) : null;
    return () => {
      dyer.value = null;
    };
  }, [told, rows]);
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  if (!told) return <Loading />;
  return (
    <>
      <Cautions told={told} before={before} after={after} work={work} />
      <ChangeList rows={rows} counts={told.counts} />
      <details>
        <summary>{t("compareRules")}</summary>
        <p class="small">{t("compareRulesSeen")}</p>
        <p class="small">{t("compareRulesMoved")}</p>
      </details>
    </>
  );
}

function Cautions({ told, before, after, work }: Two & { told: Schemas["EpochChangesOut"] }) {
  const vague = [told.before, told.after]
    .filter((side) => !side.pose_known)
    .map((side) => (side.epoch === before.epoch ? before.name : after.name));
  const [one, other] = [told.before.tolerance, told.after.tolerance];
  return (
    <>
      {vague.length > 0 && <p class="small">{t("comparePoseUnknown", { which: listed(vague) })}</p>}
      {one !== other && <p class="small">{t("compareTolerances", { one, other })}</p>}
      {told.after.revision !== work.model.id && <p class="small">{t("timelineRevision")}</p>}
    </>
  );
}

/** What changed, by kind; the same as the colours, to be read and chosen from. */
function ChangeList({
  rows,
  counts,
}: {
  rows: readonly ChangedElement[];
  counts: Schemas["EpochChangesOut"]["counts"];
}) {
  const [only, setOnly] = useState<EpochChange | "">("");
  return (
    <>
      <Kinds
        kinds={CHANGE_ORDER.filter((change) => counts[change]).map((change) => ({
          kind: change,
          meaning: CHANGES[change],
          label: t(`change.${change}` as Key),
          n: counts[change] ?? 0,
        }))}
        only={only}
        onOnly={setOnly}
      />
      <ElementLines
        key={only}
        label={t("compareDifference")}
        rows={rows.filter((row) => (only ? row.change === only : row.change !== "none"))}
        sign={(row) => <MeaningSign meaning={CHANGES[row.change]} />}
        said={said}
        isCurrent={(row) => selected.value?.globalId === row.globalId}
        onChoose={(row) => select(row.globalId)}
      />
    </>
  );
}

/** What became of an element, in words: how far with its U, and why nothing can be said. */
function said(row: ChangedElement): string {
  if (row.why) return t(`why.${row.why}` as Key);
  const kind = t(`change.${row.change}` as Key);
  if (row.movedMm === null || row.uncertaintyMm === null) return kind;
  const beyond = row.movedMm > row.uncertaintyMm;
  if (!beyond && row.change !== "none") return kind;
  const values = { mm: row.movedMm.toFixed(1), u: row.uncertaintyMm.toFixed(1) };
  const how = t(beyond ? "movedBeyond" : "movedWithin", values);
  return row.change === "moved" ? how : `${kind} · ${how}`;
}
