/** What was rehearsed of a project: shown over the model where it has places there, else to be read; and asked for. */
import { useEffect, useRef, useState } from "preact/hooks";
import { flow } from "../core/flow";
import { language, t, word } from "../core/i18n";
import { faultSaid, stepSaid } from "../core/job-said";
import { cancel, type Job } from "../core/ordering";
import { overlay } from "../core/overlay";
import { type Offered, offeredIn } from "../core/permits";
import { type Learning, lackOf, learn, NO_LEARNING } from "../core/quality";
import {
  type Assembly,
  fileOf,
  isShown,
  KINDS,
  type Kind,
  NO_ASSEMBLY,
  NO_STAKES,
  namesIn,
  type Rehearsal,
  rehearsalsOf,
  rehearse,
  type Stakes,
  showFile,
} from "../core/rehearsal";
import type { Workspace } from "../core/state";
import { ta } from "../core/words/ahead";
import { runSaid, tr } from "../core/words/rehearse";
import { useAsked } from "./asked";
import { AssemblyFields } from "./assembly-ask";
import { Amount, Choice, Form, when } from "./fields";
import { Failed, Loading } from "./notices";
import { StakeFields } from "./prediction-ask";
import { QualityFields } from "./quality-ask";
import { told } from "./sign-in";
import { UnitScores } from "./unit-scores";

export function Rehearsals({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => rehearsalsOf(project), [project]);
  const [people] = useAsked(() => namesIn(project), [project]);
  const [offered, setOffered] = useState<Offered | null>(null);
  useEffect(() => void offeredIn(project).then((found) => setOffered(() => found)), [project]);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed" && state.problem.status === 403) return null; // suppliers see none
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const mine = state.value.filter((one) => one.revision === null || one.revision === work.model.id);
  const names = people.kind === "ready" ? people.value : new Map<string, string>();
  return (
    <section class="stack">
      <ul class="plain">
        {[...mine].reverse().map((one) => (
          <Line
            key={one.id}
            work={work}
            rehearsal={one}
            by={names.get(one.asked_by) ?? ""}
            onDone={again}
            may={offered?.("rehearsal.run") ?? false}
          />
        ))}
      </ul>
      {state.value.length > mine.length && (
        <p class="dim small">{tr("rehearsalsElse", { n: state.value.length - mine.length })}</p>
      )}
      {offered?.("rehearsal.run") && <Asking work={work} onDone={again} />}
    </section>
  );
}

interface Shown {
  work: Workspace;
  rehearsal: Rehearsal;
  by: string;
  may: boolean;
  onDone: () => void;
}

function Line({ work, rehearsal, by, may, onDone }: Shown) {
  const project = work.project.id;
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const shown = rehearsal.files.filter(({ name }) => isShown(name));
  const show = async (name: string) => {
    setBusy(true);
    setFault("");
    try {
      await showFile(fileOf(project, rehearsal.id, name));
    } catch (error) {
      setFault(error instanceof Error ? t("noSimulation", { why: error.message }) : String(error));
    } finally {
      setBusy(false);
    }
  };
  const pages = rehearsal.files.filter(({ name }) => !isShown(name));
  return (
    <li class="box rehearsal">
      <div class="between">
        <strong>{word("rehearsal", rehearsal.kind)}</strong>
        <span class={`tag ${rehearsal.outcome}`}>
          {rehearsal.outcome === "clear" ? "✓" : "!"} {word("outcome", rehearsal.outcome)}
        </span>
      </div>
      <p class="dim small">
        {rehearsal.title} · {when(rehearsal.finished_at)}
        {by && ` · ${by}`}
      </p>
      <Settings work={work} rehearsal={rehearsal} by={by} />
      {rehearsal.kind === "quality" && (
        <UnitScores project={project} rehearsal={rehearsal.id} may={may} onDone={onDone} />
      )}
      <div class="actions">
        {shown.map(({ name }) => (
          <button key={name} type="button" disabled={busy} onClick={() => void show(name)}>
            {t(name.startsWith("order") ? "playOrder" : name === "keyframes.json" ? "playRun" : "showInModel")}
          </button>
        ))}
        {pages.map(({ name }) =>
          name.endsWith(".html") ? (
            <a key={name} class="button" href={fileOf(project, rehearsal.id, name)} target="_blank" rel="noopener">
              {t("openPage")}
            </a>
          ) : (
            <a key={name} class="button" href={fileOf(project, rehearsal.id, name)} download={name}>
              {name}
            </a>
          ),
        )}
      </div>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </li>
  );
}

/** What a run rests on, so that it can be told from others and repeated. */
function Settings({ work, rehearsal, by }: { work: Workspace; rehearsal: Rehearsal; by: string }) {
  const took = (Date.parse(rehearsal.finished_at) - Date.parse(rehearsal.started_at)) / 1000;
  const { file_name: file, number: n } = work.model;
  const rows: [string, string][] = [
    [tr("runModel"), rehearsal.revision ? tr("runRevision", { file, n }) : (rehearsal.source ?? "")],
    ...Object.entries(rehearsal.parameters).map(([name, value]): [string, string] => [
      runSaid("param", name),
      value === "True" || value === "False" ? runSaid("param", value) : runSaid(name, value).replaceAll("\n", "; "),
    ]),
    [tr("runSeed"), String(rehearsal.seed)],
    [tr("runBy"), by],
    [tr("runStarted"), when(rehearsal.started_at)],
    [tr("runTook"), tr("runSeconds", { n: took < 10 ? took.toFixed(1) : Math.round(took) })],
    [tr("runVersion"), rehearsal.qtems],
  ];
  return (
    <details>
      <summary class="small">{tr("runSettings")}</summary>
      <dl class="facts small">
        {rows
          .filter(([, value]) => value !== "")
          .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}:`}>{value}</dd>])}
      </dl>
    </details>
  );
}

/** Have the server rehearse something of the model that is shown; it goes on when one looks elsewhere. */
function Asking({ work, onDone }: { work: Workspace; onDone: () => void }) {
  const [kind, setKind] = useState<Kind>("assembly");
  const [minutes, setMinutes] = useState("");
  const [assembly, setAssembly] = useState<Assembly>(NO_ASSEMBLY);
  const [stakes, setStakes] = useState<Stakes>(NO_STAKES);
  const [table, setTable] = useState<File | null>(null);
  const [learning, setLearning] = useState<Learning>(NO_LEARNING);
  const [sending, setSending] = useState<number | null>(null);
  const [job, setJob] = useState<Job | null>(null);
  const [fault, setFault] = useState("");
  const ending = useRef(new AbortController());
  useEffect(() => () => ending.current.abort(), []);
  const project = work.project.id;
  const lack = kind !== "quality" ? "" : table ? lackOf(learning) : "file";
  const run = async () => {
    setFault("");
    const lang = language.value;
    const asked = { kind, revision: work.model.id, assembly, minutes, stakes, lang };
    try {
      const { signal } = ending.current;
      const units = table && { project, file: table, asked: learning, lang };
      const ended =
        kind === "quality" && units
          ? await learn(units, setSending, setJob, signal)
          : await rehearse(project, asked, { sending: setSending, job: setJob }, signal);
      if (ended.state === "failed") setFault(faultSaid(ended));
    } finally {
      setJob(null);
      setSending(null);
    }
    onDone();
  };
  if (job)
    return (
      <div class="box">
        <p role="status">
          {t(`asked.${kind}`)} <span class="dim">{stepSaid(job)}</span>
        </p>
        <progress max={100} value={job.progress} aria-label={t(`asked.${kind}`)} />
        <button
          type="button"
          disabled={job.cancel_asked}
          onClick={() => void cancel(project, job.id).catch((error) => setFault(told(error)))}
        >
          {t("cancel")}
        </button>
      </div>
    );
  return (
    <details class="fold" open={overlay.value === null && flow.value === null}>
      <summary>{tr("rehearseModel")}</summary>
      <Form button={t(`ask.${kind}`)} work={run} lacks={lack && ta(`learnLack.${lack}`)}>
        <Choice
          label={tr("rehearseWhat")}
          value={kind}
          options={KINDS.map((one) => [one, t(`ask.${one}`)] as const)}
          onValue={(one) => setKind(one as Kind)}
        />
        {kind === "assembly" && (
          <AssemblyFields
            work={work}
            value={assembly}
            set={(change) => setAssembly((before) => ({ ...before, ...change }))}
          />
        )}
        {kind === "prediction" && (
          <Amount label={t("inspectionMinutes")} value={minutes} onValue={setMinutes} placeholder="480" />
        )}
        {kind === "quality" && (
          <QualityFields
            file={table}
            value={learning}
            take={setTable}
            set={(change) => setLearning((before) => ({ ...before, ...change }))}
          />
        )}
        {sending !== null && <progress max={1} value={sending} aria-label={ta("learnSending")} />}
        {kind === "prediction" && <StakeFields work={work} value={stakes} set={setStakes} />}
        {kind !== "assembly" && <p class="dim small">{t(`about.${kind}`)}</p>}
      </Form>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </details>
  );
}
