/** Inspections of a project: what is due, what is mine, at which holds work waits; one of them opened. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { connected } from "../core/connection";
import { t, word } from "../core/i18n";
import {
  aboutOf,
  type Due,
  dueOf,
  type Execution,
  executionsOf,
  type InspectionLine,
  inspectionsOf,
  planFor,
  releaseHold,
} from "../core/inspection";
import { allMissing } from "../core/missing";
import { me, type Person, peopleOf } from "../core/ncr";
import { delivered } from "../core/outbox";
import { go, place } from "../core/route";
import { selected, type Workspace } from "../core/state";
import { useAsked, useLast } from "./asked";
import { BeginItem } from "./begin-item";
import { Amount, Choice, Form, Signing } from "./fields";
import { One } from "./inspection";
import { Sync } from "./inspection-sync";
import { Failed, Loading, useReturn } from "./notices";
import { Segments } from "./segments";
import { Sign } from "./table";

type Tab = "due" | "mine" | "held" | "all";
const TABS = { due: "dueNow", mine: "mineNow", held: "heldNow", all: "allNow" } as const;
const tab = signal<Tab>("due");
/** Which inspection is open; it stays so while a nonconformance is looked at. */
const opened = signal("");

export function Inspections({ work }: { work: Workspace }) {
  const asked = place.value.record.startsWith("inspection:") ? place.value.record.slice(11) : "";
  useEffect(() => {
    if (asked) opened.value = asked;
  }, [asked]);
  const id = asked || opened.value;
  const end = () => {
    opened.value = "";
    if (asked) go({ record: "" });
  };
  return id ? <One key={id} work={work} id={id} onEnd={end} /> : <Lists work={work} />;
}

function Lists({ work }: { work: Workspace }) {
  const project = work.project.id;
  const row = selected.value;
  const [only, setOnly] = useState(false);
  const globalId = only && row ? row.globalId : "";
  const load = useLast(globalId, () =>
    Promise.all([inspectionsOf(project, globalId), executionsOf(project), peopleOf(project).catch(() => [])]),
  );
  const [asked, again] = useAsked(load, [project, globalId, delivered.value]);
  useReturn(again);
  if (asked.kind === "loading") return <Loading />;
  if (asked.kind === "failed") return <Failed problem={asked.problem} again={again} />;
  const [lines, all, people] = asked.value;
  const executions = globalId ? all.filter((one) => one.record.global_ids.includes(globalId)) : all;
  const due = dueOf(lines, executions, me());
  return (
    <div class="stack inspections">
      <Segments label="inspections" names={TABS} shown={tab} count={(one) => countOf(one, due, lines)} />
      {row && (
        <label class="tick">
          <input type="checkbox" checked={only} onChange={(e) => setOnly(e.currentTarget.checked)} />
          <span>{t("onlyAbout", { name: row.name || row.globalId })}</span>
        </label>
      )}
      <Listed tab={tab.value} due={due} lines={lines} people={people} project={project} again={again} />
      {tab.value === "due" && <BeginItem work={work} onDone={again} />}
    </div>
  );
}

function countOf(tab: Tab, due: Due, lines: readonly InspectionLine[]): number {
  if (tab === "due") return due.open.length + due.unplanned.length;
  return tab === "mine" ? due.mine.length : tab === "held" ? due.held.length : lines.length;
}

interface ListedAs {
  tab: Tab;
  due: Due;
  lines: readonly InspectionLine[];
  people: readonly Person[];
  project: string;
  again: () => void;
}

function Listed({ tab, due, lines, people, project, again }: ListedAs) {
  const inspections = tab === "due" ? due.open : tab === "mine" ? due.mine : tab === "held" ? [] : [...lines].reverse();
  const begun = tab === "due" ? due.unplanned : tab === "held" ? due.held : [];
  if (inspections.length + begun.length === 0)
    return <p class="empty">{t(tab === "due" ? "nothingDue" : tab === "held" ? "nothingHeld" : "noInspections")}</p>;
  return (
    <ul class="plain">
      {inspections.map((one) => (
        <li key={one.id}>
          <InspectionCard one={one} people={people} />
        </li>
      ))}
      {begun.map((one) => (
        <li key={one.id}>
          <Begun project={project} one={one} again={again} />
        </li>
      ))}
    </ul>
  );
}

/** Open an inspection in its mode. */
export function openInspection(id: string): void {
  go({ record: aboutOf(id) });
}

export function InspectionCard({ one, people = [] }: { one: InspectionLine; people?: readonly Person[] }) {
  const who = people.find((each) => each.user === one.inspector);
  return (
    <button type="button" class="record" onClick={() => openInspection(one.id)}>
      <span class="between">
        <strong>{one.number}</strong>
        <span class="tag">
          {one.verdict && <Sign verdict={one.verdict} />}{" "}
          {one.verdict ? word("verdict", one.verdict) : word("inspection", one.state)}
        </span>
      </span>
      <span>{one.title}</span>
      <span class="dim small">
        {t("progressOf", { n: one.answered, m: one.asked })}
        {who && ` · ${who.name}`}
      </span>
      <Sync id={one.id} />
    </button>
  );
}

/** An item that was begun: what work past it waits for, and the next step of whoever looks. */
function Begun({ project, one, again }: { project: string; one: Execution; again: () => void }) {
  const { record } = one;
  const [needs, setNeeds] = useState("");
  const [quantity, setQuantity] = useState("");
  const left = one.missing_to_release.length;
  const many = record.global_ids.length;
  const more = record.zone || record.batch;
  return (
    <div class="box stack">
      <div class="between">
        <strong>{record.activity}</strong>
        <span class="tag">{t(many === 1 ? "begunOnOne" : "begunOn", { n: many })}</span>
      </div>
      <p class="dim small">
        {t("byPlan", { plan: record.plan_number, revision: record.plan_revision })}
        {more && ` · ${more}`}
      </p>
      {one.missing_to_proceed.length > 0 && (
        <p class="small">
          <span aria-hidden="true">■ </span>
          {t("workWaits", { what: allMissing(one.missing_to_proceed) })}
        </p>
      )}
      {left > 0 && <p class="small">{t(left === 1 ? "nothingSpeaksOne" : "nothingSpeaks", { n: left })}</p>}
      {one.inspections.map((each) => (
        <button key={each.id} type="button" onClick={() => openInspection(each.id)}>
          {each.number} · {word("inspection", each.state)}
        </button>
      ))}
      {left > 0 && one.inspections.length === 0 && !one.barred.inspect && (
        <Form
          button={t("inspectNow")}
          disabled={!connected.value}
          work={async () => {
            try {
              openInspection((await planFor(project, one, quantity, needs)).id);
            } catch (error) {
              const [, unit = ""] = /the lot's quantity in (.+)/.exec(missingOf(error)) ?? [];
              setNeeds(unit);
              throw error;
            }
          }}
        >
          {needs && (
            <Amount label={t("lotQuantity", { unit: needs })} required value={quantity} onValue={setQuantity} />
          )}
          {!connected.value && <p class="dim small">{t("needsNetwork")}</p>}
        </Form>
      )}
      {left === 0 && one.releases_as.length > 0 && <Release project={project} one={one} again={again} />}
    </div>
  );
}

function missingOf(error: unknown): string {
  return (error as { missing?: readonly string[] }).missing?.[0] ?? "";
}

function Release({ project, one, again }: { project: string; one: Execution; again: () => void }) {
  const [party, setParty] = useState<string>(one.releases_as[0] ?? "");
  return (
    <details class="fold">
      <summary>{t("releaseHold")}</summary>
      <Signing
        meaning={t("meansRelease", { role: word("capacity", party) })}
        button={t("releaseHold")}
        work={async (password) => {
          await releaseHold(project, one, party, password);
          again();
        }}
      >
        {one.releases_as.length > 1 && (
          <Choice
            label={t("signAs")}
            value={party}
            onValue={setParty}
            options={one.releases_as.map((each) => [each, word("capacity", each)] as const)}
          />
        )}
      </Signing>
    </details>
  );
}
