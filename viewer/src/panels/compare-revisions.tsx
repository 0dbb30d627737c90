/** Two revisions of the model: what was added, removed, moved or changed, said in words and shown in its place. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { get, list, type Schemas } from "../core/client";
import {
  along,
  dyer,
  otherMissing,
  otherRevision,
  othersOf,
  REVISION_CHANGES,
  REVISION_ORDER,
  type RevisedElement,
  type RevisionChange,
  regardedOther,
  revisedElements,
  revisionDyer,
} from "../core/compare";
import { type Key, listed, t } from "../core/i18n";
import { select, selected, type Workspace } from "../core/state";
import { useAsked } from "./asked";
import { ElementLines, Kinds, MeaningSign } from "./compare-list";
import { Choice, when } from "./fields";
import { Failed, Loading } from "./notices";

type Model = Schemas["ModelOut"];

export function RevisionsView({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => list<Model>(`/projects/${project}/models`), [project]);
  const [asked, setAsked] = useState("");
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const others = state.value.filter((one) => one.id !== work.model.id).sort((a, b) => b.number - a.number);
  const other =
    others.find((one) => one.id === asked) ?? others.find((one) => one.number < work.model.number) ?? others[0];
  if (!other) return <p class="empty">{t("revisionsNone")}</p>;
  return (
    <>
      <p class="small">{t("revisionsShown", { name: titled(work.model) })}</p>
      <Choice
        label={t("revisionsAgainst")}
        value={other.id}
        onValue={setAsked}
        options={others.map((one) => [one.id, titled(one)])}
      />
      <Compared work={work} other={other} />
    </>
  );
}

function titled(model: Model): string {
  return t("revisionTitle", { n: model.number, file: model.file_name, at: when(model.imported_at).slice(0, 10) });
}

function Compared({ work, other }: { work: Workspace; other: Model }) {
  const isOlder = other.number < work.model.number;
  const [after, before] = isOlder ? [work.model, other] : [other, work.model];
  const at = `/projects/${work.project.id}/models/${after.id}/changes?against=${before.id}`;
  const [state, again] = useAsked(() => get<Schemas["RevisionChangesOut"]>(at), [at]);
  const told =
    state.kind === "ready" && state.value.revision === after.id && state.value.against === before.id
      ? state.value
      : null;
  const rows = useMemo(() => (told ? revisedElements(told) : []), [told]);
  useEffect(() => {
    if (!told?.known) return;
    otherMissing.value = false;
    dyer.value = revisionDyer(rows);
    otherRevision.value = other.has_scene ? othersOf(other.id, isOlder, rows) : null;
    return () => {
      dyer.value = null;
      otherRevision.value = null;
      regardedOther.value = "";
    };
  }, [told, rows]);
  const [only, setOnly] = useState<RevisionChange | "">("");
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  if (!told) return <Loading />;
  if (!told.known) return <p class="empty">{t("revisionsUnknown")}</p>;
  const present = REVISION_ORDER.filter((change) => told.counts[change]);
  return (
    <>
      {otherMissing.value && <p role="alert">{t("revisionsMissing")}</p>}
      <Kinds
        kinds={present.map((change) => ({
          kind: change,
          meaning: REVISION_CHANGES[change],
          label: t(`revision.${change}` as Key),
          n: told.counts[change] ?? 0,
        }))}
        only={only}
        onOnly={setOnly}
      />
      <p class="small dim">{t("revisionsUnchanged", { n: told.unchanged })}</p>
      <ElementLines
        key={only}
        label={t("compare.revisions")}
        rows={rows.filter((row) => !only || row.change === only)}
        sign={(row) => <MeaningSign meaning={REVISION_CHANGES[row.change]} />}
        said={said}
        isCurrent={(row) => (selected.value?.globalId || regardedOther.value) === row.globalId}
        onChoose={(row) => {
          const here = work.table.byGlobalId.has(row.globalId);
          regardedOther.value = here ? "" : row.globalId;
          select(here ? row.globalId : "");
        }}
      />
    </>
  );
}

/** What a revision did to an element, in words. */
function said(row: RevisedElement): string {
  const parts = [t(`revision.${row.change}` as Key)];
  const [moved, resized] = [row.movedMm, row.resizedMm];
  if (row.change === "moved" || row.change === "shape") {
    if (moved?.some((mm) => Math.abs(mm) > 1)) parts.push(t("revisionMovedBy", { mm: along(moved) }));
    if (row.change === "shape" && resized?.some((mm) => Math.abs(mm) > 1))
      parts.push(t("revisionResized", { mm: along(resized) }));
  }
  if (row.said.length > 0)
    parts.push(t("revisionSaid", { what: listed(row.said.map((one) => t(`said.${one}` as Key))) }));
  return parts.join(" · ");
}
