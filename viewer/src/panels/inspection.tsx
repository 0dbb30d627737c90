/** One inspection: begun with its instruments, answered element by element, completed and signed. */

import { useEffect, useState } from "preact/hooks";
import { whole } from "../core/client";
import { connected } from "../core/connection";
import { bracketed, colon, t, word } from "../core/i18n";
import {
  aboutOf,
  type Execution,
  executionsOf,
  goOnTop,
  type Inspection,
  inspectionAt,
  inspectionOf,
  overlaid,
  type Shown,
  signInspection,
  speakFor,
  standingOf,
  suggestedNcr,
} from "../core/inspection";
import { allMissing } from "../core/missing";
import type { Happening } from "../core/ncr";
import { delivered, outbox } from "../core/outbox";
import { peopleChanged } from "../core/people";
import { go } from "../core/route";
import { select, selected, type Workspace } from "../core/state";
import { signedNow } from "../core/to-sign";
import { useAsked, useLast } from "./asked";
import { Choice, Form, Signing, useKept, when } from "./fields";
import { Answer } from "./inspection-answer";
import { Instruments, Start } from "./inspection-instruments";
import { Sync } from "./inspection-sync";
import { NoCapacity } from "./no-capacity";
import { Failed, Loading, useReturn } from "./notices";
import { Sign } from "./table";

export function One({ work, id, onEnd }: { work: Workspace; id: string; onEnd: () => void }) {
  const project = work.project.id;
  const load = useLast(id, () => inspectionOf(project, id));
  const [asked, again] = useAsked(load, [project, id, delivered.value, peopleChanged.value]);
  useReturn(again);
  return (
    <div class="stack inspection">
      <button type="button" class="quiet back" onClick={onEnd}>
        ‹ {t("backToList")}
      </button>
      {asked.kind === "loading" ? (
        <Loading />
      ) : asked.kind === "failed" ? (
        <Failed problem={asked.problem} again={again} />
      ) : (
        <Open work={work} inspection={asked.value} again={again} />
      )}
    </div>
  );
}

interface Opened {
  work: Workspace;
  inspection: Inspection;
  again: () => void;
}

function Open({ work, inspection, again }: Opened) {
  const { record } = inspection;
  const shown = overlaid(inspection, outbox.value);
  const about = aboutOf(record.id);
  useEffect(() => {
    const over = record.state !== "in_progress" || inspection.barred.sign !== undefined;
    if (connected.value && over && !shown.starting) signedNow(about);
  }, [record.state, shown.starting, inspection.version]);
  const role = inspection.barred.answer;
  return (
    <>
      <Head inspection={inspection} shown={shown} />
      <Overtaken project={work.project.id} inspection={inspection} shown={shown} />
      {role && shown.state !== "signed" && <p class="dim small">{t("notYourRole")}</p>}
      {shown.state === "planned" && !role && <Start project={work.project.id} inspection={inspection} />}
      {shown.state !== "planned" && <Elements work={work} inspection={inspection} shown={shown} />}
      {shown.state === "in_progress" && !role && (
        <Instruments project={work.project.id} inspection={inspection} shown={shown} />
      )}
      {shown.state === "in_progress" && !role && (
        <Completing project={work.project.id} inspection={inspection} shown={shown} again={again} />
      )}
      {record.state === "signed" && <After project={work.project.id} inspection={inspection} />}
    </>
  );
}

function Head({ inspection, shown }: { inspection: Inspection; shown: Shown }) {
  const { record } = inspection;
  const { sample } = record;
  const few = sample.global_ids.length < record.lot.length;
  const verdict = record.state === "signed" ? inspection.verdict.outcome : "";
  return (
    <header class="stack">
      <div class="between">
        <h3>{record.number}</h3>
        <span class="tag">{word("inspection", shown.state)}</span>
      </div>
      <strong>{record.title}</strong>
      <p class="dim small">
        {few
          ? t("sampleOf", { n: sample.global_ids.length, m: record.lot.length, source: sample.source })
          : t("everyElement", { n: record.lot.length })}
      </p>
      {verdict && (
        <p class={`banner ${verdict}`}>
          <Sign verdict={verdict} />
          <strong>
            {t("overallVerdict")}
            {colon()}
            {word("verdict", verdict)}
          </strong>
        </p>
      )}
      {record.signature && (
        <p class="small">
          ✓{" "}
          {t("signedAs", {
            name: record.signature.signer_name,
            role: word("capacity", record.signature.role),
            when: when(record.signature.signed_at),
          })}
        </p>
      )}
      {record.state !== "signed" && (
        <label class="stack small meter">
          {t("progressOf", { n: shown.answered, m: inspection.asked })}
          <progress max={Math.max(1, inspection.asked)} value={shown.answered} />
        </label>
      )}
      <span role="status">
        <Sync id={record.id} />
      </span>
    </header>
  );
}

/** Others changed the record while answers waited here: what they did, and how to go on with nothing lost. */
function Overtaken({ project, inspection, shown }: { project: string; inspection: Inspection; shown: Shown }) {
  const late = shown.failed.find((one) => one.refusal?.status === 412 || one.refusal?.kind === "illegal-transition");
  const [changes, setChanges] = useState<Happening[]>([]);
  const since = late?.version ?? 0;
  useEffect(() => {
    if (!late) return;
    whole<Happening>(`${inspectionAt(project, inspection.id)}/history`)
      .then((all) => setChanges(all.filter((one) => one.version > since)))
      .catch(() => setChanges([]));
  }, [late?.key, inspection.version]);
  if (!late) return null;
  const mine = shown.waiting + shown.failed.filter((one) => one.kind === "answer").length;
  return (
    <div class="box overtaken stack" role="alert">
      <strong>{t(mine === 1 ? "somebodyChangedOne" : "somebodyChanged", { n: mine })}</strong>
      {changes.length > 0 && (
        <>
          <p class="small">{t("lookFirst")}</p>
          <ul class="small">
            {changes.map((one) => (
              <li key={one.seq}>
                {t("changedBy", { when: when(one.at), name: one.actor_name, what: word("did", one.action) })}
                {one.reason && `${colon()}${one.reason}`}
              </li>
            ))}
          </ul>
        </>
      )}
      <Form button={t("sendMineOnTop")} work={() => goOnTop(project, inspection.id)} />
    </div>
  );
}

const SIGNS: Record<string, string> = { open: "○", waiting: "⇡" };

/** The elements of the sample, and the questions about one of them. */
function Elements({ work, inspection, shown }: { work: Workspace; inspection: Inspection; shown: Shown }) {
  const { record } = inspection;
  const ids = record.sample.global_ids;
  const chosen = selected.value?.globalId ?? "";
  const { value, set } = useKept(`inspection.${record.id}.at`, { element: ids[0] ?? "" });
  const current = ids.includes(value.element) ? value.element : (ids[0] ?? "");
  useEffect(() => {
    if (chosen !== current && ids.includes(chosen)) set({ element: chosen });
  }, [chosen]);
  const to = (globalId: string) => {
    set({ element: globalId });
    if (work.table.byGlobalId.has(globalId)) select(globalId);
  };
  const open = ids.filter((one) => standingOf(shown, record, one) === "open");
  const next = open.find((one) => one !== current);
  const may = shown.state === "in_progress" && !inspection.barred.answer;
  return (
    <>
      {ids.length > 1 && (
        <div class="parts" role="group" aria-label={t("elementsOf")}>
          {ids.map((one) => (
            <Chip
              key={one}
              name={nameOf(work, one)}
              standing={standingOf(shown, record, one)}
              on={one === current}
              onTap={() => to(one)}
            />
          ))}
        </div>
      )}
      <section class="stack" aria-label={nameOf(work, current)}>
        <div class="between">
          <h3>{nameOf(work, current)}</h3>
          {work.table.byGlobalId.has(current) && (
            <button type="button" onClick={() => select(current)}>
              {t("showIn3d")}
            </button>
          )}
        </div>
        {record.characteristics.map((one) => {
          const cell = shown.cells.get(`${one.id} ${current}`);
          return (
            cell && (
              <Answer
                key={`${one.id} ${current}`}
                work={work}
                inspection={inspection}
                shown={shown}
                cell={cell}
                name={nameOf(work, current)}
                may={may}
              />
            )
          );
        })}
        {may && next && (
          <button type="button" onClick={() => to(next)}>
            {t("nextOpen")}
            {colon()}
            {nameOf(work, next)} ›
          </button>
        )}
      </section>
    </>
  );
}

function Chip(asked: { name: string; standing: string; on: boolean; onTap: () => void }) {
  const sign = SIGNS[asked.standing];
  const said = sign
    ? t(asked.standing === "open" ? "standing.open" : "standing.waiting")
    : word("verdict", asked.standing);
  return (
    <button type="button" class="part" aria-pressed={asked.on} onClick={asked.onTap}>
      {sign ? (
        <span class="sign plain" aria-hidden="true">
          {sign}
        </span>
      ) : (
        <Sign verdict={asked.standing} />
      )}
      <span>{asked.name}</span>
      <span class="unseen">, {said}</span>
    </button>
  );
}

/** How an element is called in the model that is open. */
export function nameOf(work: Workspace, globalId: string): string {
  const row = work.table.byGlobalId.get(globalId);
  return (row === undefined ? "" : work.table.rows[row]?.name) || globalId;
}

/** What is still lacking, then the signature. */
function Completing({
  project,
  inspection,
  shown,
  again,
}: {
  project: string;
  inspection: Inspection;
  shown: Shown;
  again: () => void;
}) {
  const { record, signs_as: able, barred } = inspection;
  const [capacity, setCapacity] = useState<string>(able[0] ?? "");
  const missing = inspection.events.find((one) => one.event === "sign")?.missing ?? [];
  const waits = shown.waiting > 0 || shown.starting || shown.failed.length > 0;
  const why =
    barred.sign === "inspector" && !shown.starting
      ? t("notYourInspection")
      : able.length === 0
        ? "capacity"
        : connected.value && waits
          ? t("signAfterSending")
          : connected.value && missing.length > 0
            ? t("signStillNeeds", { what: lacking(missing) })
            : !connected.value && shown.answered < inspection.asked
              ? t("answerFirst", { n: inspection.asked - shown.answered })
              : "";
  return (
    <section class="box next stack" aria-label={t("signInspection")}>
      <strong>{t("signInspection")}</strong>
      {why === "capacity" ? (
        <NoCapacity project={project} />
      ) : why ? (
        <p class="small">{why}</p>
      ) : (
        <Signing
          meaning={`${t("meansReadings")}${bracketed(word("capacity", capacity))}`}
          button={t("signInspection")}
          later={{ project, record: aboutOf(record.id), event: "sign", title: record.number }}
          work={async (password) => {
            try {
              await signInspection(project, inspection, capacity, password);
            } finally {
              again();
            }
          }}
        >
          {able.length > 1 && (
            <Choice
              label={t("signAs")}
              value={capacity}
              onValue={setCapacity}
              options={able.map((one) => [one, word("capacity", one)] as const)}
            />
          )}
        </Signing>
      )}
    </section>
  );
}

function lacking(missing: readonly string[]): string {
  const said = allMissing(missing.slice(0, 2));
  return missing.length > 2 ? t("signAndMore", { what: said, n: missing.length - 2 }) : said;
}

/** What follows from a signed inspection: the record that it suggests, and the item that it speaks for. */
function After({ project, inspection }: { project: string; inspection: Inspection }) {
  const { record } = inspection;
  const [severity, setSeverity] = useState("major");
  const [asked, again] = useAsked(() => itemsOf(project, inspection), [project, record.id]);
  const begun = asked.kind === "ready" ? asked.value : [];
  return (
    <div class="stack">
      {inspection.suggests_ncr && (
        <div class="box next">
          <strong>{t("raiseSuggested")}</strong>
          <Form
            button={t("raiseSuggested")}
            disabled={!connected.value}
            work={async () => go({ record: `ncr:${(await suggestedNcr(project, record.id, severity)).id}` })}
          >
            <p class="dim small">{t("raiseSuggestedHint")}</p>
            <Choice
              label={t("severity")}
              value={severity}
              onValue={setSeverity}
              options={["minor", "major", "critical"].map((one) => [one, word("severity", one)] as const)}
            />
          </Form>
        </div>
      )}
      {begun.map((one) => {
        const speaks = one.record.inspections.some((each) => each.inspection === record.id);
        if (speaks)
          return (
            <p key={one.id} class="small">
              ✓ {t("reportedToPlan", { what: one.record.activity })}
            </p>
          );
        if (one.barred.link) return null;
        return (
          <Form
            key={one.id}
            button={t("reportToPlan", { what: one.record.activity })}
            disabled={!connected.value}
            work={async () => {
              await speakFor(project, one, record.id);
              again();
            }}
          />
        );
      })}
    </div>
  );
}

/** The executions of the item that an inspection follows, of its elements. */
async function itemsOf(project: string, { record }: Inspection): Promise<Execution[]> {
  const { pin } = record;
  if (!pin) return [];
  const lot = new Set(record.lot);
  return (await executionsOf(project)).filter(
    ({ record: one }) =>
      one.plan === pin.plan &&
      one.item === pin.item &&
      one.model_revision === pin.model_revision &&
      one.global_ids.some((each) => lot.has(each)),
  );
}
