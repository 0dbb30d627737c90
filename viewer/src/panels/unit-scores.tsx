/** What a model of a line says of its units, and new units that it is to score. */

import { useEffect, useRef, useState } from "preact/hooks";
import { connected } from "../core/connection";
import { language, t } from "../core/i18n";
import { faultSaid } from "../core/job-said";
import { amount, percent } from "../core/prediction";
import { type NewUnits, readModel, scoreUnits, type UnitModel } from "../core/unit-scores";
import { ta } from "../core/words/ahead";
import { useAsked } from "./asked";
import { Chance } from "./chance";
import { explained } from "./fields";
import { FileChoice } from "./file-choice";
import { Failed, Loading } from "./notices";

interface Asked {
  project: string;
  rehearsal: string;
  /** Whether who looks may have units scored. */
  may: boolean;
  onDone: () => void;
}

export function UnitScores({ project, rehearsal, may, onDone }: Asked) {
  const [open, setOpen] = useState(false);
  return (
    <details class="units" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="small">{ta("units")}</summary>
      {open && (
        <div class="stack">
          <Model project={project} rehearsal={rehearsal} />
          {may && <Scoring project={project} rehearsal={rehearsal} onDone={onDone} />}
        </div>
      )}
    </details>
  );
}

function Model({ project, rehearsal }: { project: string; rehearsal: string }) {
  const [state, again] = useAsked(() => readModel(project, rehearsal), [project, rehearsal]);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const model = state.value;
  return (
    <>
      {model.fresh && <Fresh fresh={model.fresh} model={model} />}
      <p class="dim small">
        {ta("unitsModel", { n: model.learntFrom, defective: model.defective, threshold: percent(model.threshold) })}
      </p>
      <p class={model.useful ? "small" : "small fault"}>
        {model.useful ? "✓" : "!"} {ta(model.useful ? "unitsUseful" : "unitsUseless")}
      </p>
    </>
  );
}

function Fresh({ fresh, model }: { fresh: NewUnits; model: UnitModel }) {
  const { file, units: n, toActOn: act } = fresh;
  return (
    <>
      <p>
        <strong>{ta("unitsNew", { file, n, act, defective: amount(fresh.expectedDefective) })}</strong>
      </p>
      {fresh.alarm !== null && <p class="fault">! {ta("unitsDrift")}</p>}
      {fresh.outside > 0 && <p class="small">{ta("unitsOutside", { n: fresh.outside })}</p>}
      <h3>{ta("unitsLikeliest")}</h3>
      <ol class="plain">
        {fresh.likeliest.map((one) => (
          <li key={one.unit} class="unit-score">
            <span class="between">
              <strong>{one.unit}</strong>
              {one.probability >= model.threshold && <span class="tag">! {ta("unitsAct")}</span>}
            </span>
            <Chance {...one} />
          </li>
        ))}
      </ol>
      {n > fresh.likeliest.length && <p class="dim small">{ta("unitsRest")}</p>}
    </>
  );
}

function Scoring({ project, rehearsal, onDone }: Omit<Asked, "may">) {
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState<number | null>(null);
  const [fault, setFault] = useState("");
  const ending = useRef(new AbortController());
  useEffect(() => () => ending.current.abort(), []);
  async function score(event: Event) {
    event.preventDefault();
    if (!file || share !== null) return;
    setFault("");
    setShare(0);
    try {
      const asked = { project, fitted: rehearsal, file, lang: language.value };
      const ended = await scoreUnits(asked, setShare, ending.current.signal);
      if (ended.state === "failed") setFault(faultSaid(ended));
      else onDone();
    } catch (error) {
      if (!ending.current.signal.aborted) setFault(explained(error));
    } finally {
      setShare(null);
    }
  }
  return (
    <form class="stack" onSubmit={(event) => void score(event)}>
      <FileChoice label={ta("unitsFile")} required onFile={setFile} />
      {share !== null && <progress max={1} value={share} aria-label={ta("unitsScoring")} />}
      <p class="fault" role="alert">
        {fault}
      </p>
      {!connected.value && <p class="dim small">{t("needsNetwork")}</p>}
      <button type="submit" disabled={!connected.value || share !== null}>
        {share === null ? ta("unitsScore") : ta("unitsScoring")}
      </button>
    </form>
  );
}
