/** What is predicted: candidates for nonconformances, what is worth an inspection, and what was found out since. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../core/i18n";
import { me, peopleOf } from "../core/ncr";
import { delivered } from "../core/outbox";
import { offeredIn } from "../core/permits";
import {
  amount,
  expectedOf,
  faredOf,
  ofTab,
  type Prediction,
  parted,
  settledOf,
  sumOf,
  type Tab,
} from "../core/prediction";
import { fileOf, showFile } from "../core/rehearsal";
import { select, selected, type Workspace } from "../core/state";
import { className, measured } from "../core/terms";
import { ta } from "../core/words/ahead";
import { useAsked, useLast } from "./asked";
import { Chance } from "./chance";
import { explained } from "./fields";
import { Failed, Loading, useReturn } from "./notices";
import { FaredPanel } from "./prediction-fared";
import { type Decider, Deciding, Settled, Why } from "./prediction-one";

const TABS = ["candidates", "inspect", "found"] as const;
const tab = signal<Tab>("candidates");
/** Which one is open where it is about no element of the model. */
const opened = signal("");
const MANY = 50;

export function Predictions({ work }: { work: Workspace }) {
  const project = work.project.id;
  const load = useLast(project, () =>
    Promise.all([
      expectedOf(project),
      settledOf(project),
      faredOf(project),
      peopleOf(project).catch(() => []),
      offeredIn(project),
    ]),
  );
  const [state, again] = useAsked(load, [project, delivered.value]);
  useReturn(again);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed" && state.problem.status === 403) return null; // suppliers see none
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const [expected, settled, fared, people, offered] = state.value;
  const going = tab.value;
  const shown = going === "found" ? settled : ofTab(expected, going);
  const count = (one: Tab) => (one === "found" ? settled.length : parted(ofTab(expected, one))[0].length);
  return (
    <div class="stack predictions">
      <div class="segments" role="group" aria-label={ta("predictions")}>
        {TABS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={going === one}
            onClick={() => {
              tab.value = one;
            }}
          >
            {ta(one)}
            <span class="count">{count(one)}</span>
          </button>
        ))}
      </div>
      {going === "found" && <FaredPanel fared={fared} />}
      {shown.length > 0 && going !== "found" && <Heading project={project} going={going} shown={shown} />}
      {shown.length === 0 ? (
        <p class="empty">{ta(going === "found" ? "noneFound" : noneIn(going, expected))}</p>
      ) : (
        <Parted work={work} shown={shown} by={{ project, people, offered, again }} />
      )}
    </div>
  );
}

function noneIn(going: Tab, expected: readonly Prediction[]) {
  if (expected.length === 0) return "none";
  return going === "candidates" ? "noneCandidate" : "noneInspect";
}

/** What the list is, and the way to see it in the model. */
function Heading({ project, going, shown }: { project: string; going: Tab; shown: readonly Prediction[] }) {
  const [fault, setFault] = useState("");
  const run = shown.find((one) => one.kind === "out_of_tolerance")?.rehearsal;
  const { minutes, saving } = sumOf(shown);
  const paint = async () => {
    setFault("");
    await showFile(fileOf(project, run ?? "", "predict-overlay.json")).catch((error) => setFault(explained(error)));
  };
  return (
    <>
      <p class="dim small">
        {going === "inspect"
          ? ta("helpInspect", { minutes: amount(minutes), saving: amount(saving) })
          : ta("helpCandidates")}
      </p>
      {run && (
        <button type="button" onClick={() => void paint()}>
          {ta("colour")}
        </button>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

interface Shown {
  work: Workspace;
  shown: readonly Prediction[];
  by: Decider;
}

/** The list, and under it in one line the clashes of the design: open where what is chosen is among them alone. */
function Parted({ work, shown, by }: Shown) {
  const [first, design] = parted(shown);
  const row = selected.value;
  const about = (one: Prediction) => (row ? one.global_ids.includes(row.globalId) : one.id === opened.value);
  const among = !first.some(about) && design.some(about);
  return (
    <>
      {row && !first.some(about) && !among && (
        <p class="dim small">{ta("noneOf", { name: row.name || row.globalId })}</p>
      )}
      <Listed work={work} shown={first} by={by} />
      {design.length > 0 && (
        <details class="fold" open={among}>
          <summary>{ta("ofDesign", { n: design.length })}</summary>
          <Listed work={work} shown={design} by={by} />
        </details>
      )}
    </>
  );
}

function Listed({ work, shown, by }: Shown) {
  const [many, setMany] = useState(MANY);
  const frame = useRef<HTMLUListElement>(null);
  const row = selected.value;
  const place = row ? shown.findIndex((one) => one.global_ids.includes(row.globalId)) : -1;
  const current = shown[place]?.id ?? (row ? "" : opened.value);
  useEffect(() => {
    if (place >= many)
      setMany(place + MANY); // chosen in the model: as far down as it is
    else if (place >= 0) frame.current?.querySelector("[aria-expanded=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, many]);
  return (
    <>
      <ul class="plain" ref={frame}>
        {shown.slice(0, many).map((one) => (
          <li key={one.id}>
            <Line work={work} one={one} isOpen={one.id === current} by={by} />
          </li>
        ))}
      </ul>
      {shown.length > many && (
        <button type="button" onClick={() => setMany(many + MANY)}>
          {ta("more", { n: Math.min(MANY, shown.length - many) })}
        </button>
      )}
    </>
  );
}

/** Open one: its element is selected in the model, if it has one there; open already, it is closed. */
function choose(work: Workspace, one: Prediction, isOpen: boolean): void {
  const element = one.global_ids.find((id) => work.table.byGlobalId.has(id)) ?? "";
  opened.value = isOpen ? "" : one.id;
  select(isOpen ? "" : element);
}

function Line({ work, one, isOpen, by }: { work: Workspace; one: Prediction; isOpen: boolean; by: Decider }) {
  const [first] = one.global_ids;
  const row = work.table.rows[work.table.byGlobalId.get(first ?? "") ?? -1];
  const about = row ? [className(row.ifcClass), row.storey].filter(Boolean).join(" · ") : "";
  const [head = "", ...direction] = one.characteristic.split(" ");
  const what = head && measured({ characteristic: head, direction: direction.join(" "), part: "" });
  return (
    <article class={isOpen ? "box prediction on" : "box prediction"}>
      <button
        type="button"
        class="quiet open"
        aria-expanded={isOpen}
        aria-controls={`p-${one.id}`}
        onClick={() => choose(work, one, isOpen)}
      >
        <span class="between">
          <strong>{one.title}</strong>
          {one.settled ? (
            <StateTag one={one} />
          ) : (
            one.worth && <span class="tag">{ta("rank", { n: one.worth.rank })}</span>
          )}
        </span>
        <span class="dim small">{about || (first ? ta("elsewhere") : "")}</span>
        <span class="small">
          {ta(`kind.${one.kind}`)}
          {what && t("colon") + what}
        </span>
        <Chance
          probability={Number(one.probability)}
          low={one.low === null ? null : Number(one.low)}
          high={one.high === null ? null : Number(one.high)}
        />
        {one.worth && !one.settled && (
          <span class="small stake">
            {ta("stake", { cost: amount(one.worth.cost), risk: amount(one.worth.risk) })} ·{" "}
            {ta("takes", { minutes: amount(one.worth.minutes) })} · {ta("saves", { saving: amount(one.worth.saving) })}
          </span>
        )}
      </button>
      {isOpen && (
        <div class="stack" id={`p-${one.id}`}>
          <Elements work={work} ids={one.global_ids} />
          <Why one={one} />
          {one.settled ? <Settled project={by.project} one={one} /> : null}
          <Deciding one={one} by={by} mine={by.people.find((each) => each.user === me())} />
        </div>
      )}
    </article>
  );
}

function StateTag({ one }: { one: Prediction }) {
  if (one.state === "predicted" || one.state === "expired") return null;
  const sign = one.state === "confirmed" ? "✕" : one.state === "refuted" ? "✓" : "–";
  return (
    <span class={`tag ${one.state}`}>
      {sign} {ta(`state.${one.state}`)}
    </span>
  );
}

/** Where it is about several elements, each can be gone to. */
function Elements({ work, ids }: { work: Workspace; ids: readonly string[] }) {
  if (ids.length < 2) return null;
  return (
    <div class="actions">
      {ids.slice(0, 20).map((id) => {
        const row = work.table.rows[work.table.byGlobalId.get(id) ?? -1];
        return (
          row && (
            <button key={id} type="button" aria-pressed={selected.value?.globalId === id} onClick={() => select(id)}>
              {row.name || id}
            </button>
          )
        );
      })}
    </div>
  );
}
