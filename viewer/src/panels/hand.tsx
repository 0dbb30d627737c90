/** Registering by hand: the positions that compete, the pairs, what is left at them, and the check with them. */
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../core/client";
import { type Key, language, t } from "../core/i18n";
import { type Registration, registrationOf } from "../core/ordering";
import {
  clear,
  colouring,
  desk,
  fit,
  hold,
  isWhole,
  level,
  type Pair,
  pairs,
  redo,
  regarded,
  remove,
  rivals,
  shownPose,
  takeUp,
  together,
  undo,
} from "../core/pairs";
import { problemSaid } from "../core/problem-said";
import type { Fit } from "../core/rigid";
import { poseOf } from "../core/rigid";
import type { Workspace } from "../core/state";
import { HandRun } from "./hand-run";

export function HandPanel({ work }: { work: Workspace }) {
  const scan = work.scan?.id ?? "";
  useEffect(() => takeUp(scan), [scan]);
  useEffect(() => keys(), []);
  return (
    <div class="pairing">
      <Lead />
      <Rivals work={work} />
      <PairList />
      <Options />
      <HandRun work={work} />
    </div>
  );
}

/** What comes next, what is left at the pairs, and the way back: in sight however far one has scrolled. */
function Lead() {
  const { past, future } = desk.value;
  const told = fit.value;
  return (
    <div class="head">
      <p class="lead" aria-live="polite">
        {t(nextStep())}
      </p>
      <div class="between" hidden={past.length + future.length + pairs.value.length === 0}>
        <p class="rms" aria-live="polite">
          {typeof told !== "string" &&
            t("handRms", { mm: (1000 * told.rms).toFixed(0), pairs: pairs.value.filter(isWhole).length })}
        </p>
        <div class="tight">
          <Step sign="↶" label="handUndo" steps={past.length} onClick={undo} />
          <Step sign="↷" label="handRedo" steps={future.length} onClick={redo} />
        </div>
      </div>
    </div>
  );
}

/** One step back or forth, while there is one. */
function Step({ sign, label, steps, onClick }: { sign: string; label: Key; steps: number; onClick: () => void }) {
  return (
    <button type="button" class="quiet" disabled={steps === 0} aria-label={t(label)} title={t(label)} onClick={onClick}>
      {sign}
    </button>
  );
}

/** Undo and redo by the keys that everybody knows; returns how to stop. */
function keys(): () => void {
  const pressed = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
    if (typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

type Next = "handFirst" | "handModel" | "handScan" | "handMore" | "handLine" | "handPlace" | "handReady" | "handWrong";

function nextStep(): Next {
  const half = pairs.value.find((pair) => !isWhole(pair));
  if (half) return half.design ? "handScan" : "handModel";
  if (pairs.value.length === 0) return "handFirst";
  const told = fit.value;
  if (told === "few") return "handMore";
  if (told === "line") return "handLine";
  if (told === "place") return "handPlace";
  return told.misfit || told.outlier.some(Boolean) ? "handWrong" : "handReady";
}

function Rivals({ work }: { work: Workspace }) {
  const [why, setWhy] = useState("");
  const check = work.refused ?? work.check;
  useEffect(() => {
    if (!check) return;
    const ending = new AbortController();
    registrationOf(work.project.id, check.id, ending.signal)
      .then((told) => {
        setWhy(told.status === "refused" ? reasonOf(told) : "");
        const best = told.T_design_scan
          ? [{ pose: poseOf(told.T_design_scan), score: told.score ?? null, metres: 0, degrees: 0 }]
          : [];
        rivals.value = [
          ...best,
          ...told.rivals.map((one) => ({
            pose: poseOf(one.T_design_scan),
            score: one.score,
            metres: one.distance_m ?? 0,
            degrees: one.angle_deg ?? 0,
          })),
        ];
      })
      .catch((error) => {
        if (error instanceof Problem) setWhy(problemSaid(error));
      });
    return () => ending.abort();
  }, [work.project.id, check?.id]);
  if (!check) return null;
  const refused = work.refused !== null;
  return (
    <section aria-label={t("handRivals")}>
      {why && <p class="small why">{why}</p>}
      {rivals.value.length > 0 && (
        <>
          <h3>{refused ? t("handRivals") : t("handPresent")}</h3>
          <ul class="plain rivals">
            {rivals.value.map((one, n) => (
              <li key={n}>
                <button
                  type="button"
                  class="line"
                  aria-pressed={shownPose.value === n}
                  onClick={() => {
                    shownPose.value = shownPose.value === n ? "" : n;
                  }}
                >
                  <span>
                    {refused ? t("handPosition", { letter: String.fromCharCode(0x2460 + n) }) : t("handOfCheck")}
                  </span>
                  <span>
                    {n > 0
                      ? t("handApart", { metres: one.metres.toFixed(1), degrees: one.degrees.toFixed(0) })
                      : t("handFirstFound")}
                  </span>
                  {one.score !== null && (
                    <span class="tag">{t("handExplains", { share: (100 * one.score).toFixed(0) })}</span>
                  )}
                </button>
              </li>
            ))}
          </ul>
          {refused && rivals.value.length > 1 && <p class="small dim">{t("handRivalsUse")}</p>}
        </>
      )}
    </section>
  );
}

const REASONS: Record<string, Key> = {
  ambiguous: "handAmbiguous",
  low_overlap: "handLowOverlap",
  degenerate: "handDegenerate",
  residual: "handResidual",
};

/** Return why a registration was refused; of picked pairs the line names the pair. */
function reasonOf(told: Registration): string {
  const key = REASONS[told.reason];
  return told.method === "picked" || !key ? (language.value === "zh" && told.detail_zh) || told.detail : t(key);
}

function PairList() {
  const told = fit.value;
  const whole = pairs.value.filter(isWhole);
  if (pairs.value.length === 0) return null;
  return (
    <section aria-label={t("handPairs")}>
      <div class="between">
        <h3>{t("handPairs")}</h3>
        <button type="button" class="quiet" onClick={clear}>
          {t("handClear")}
        </button>
      </div>
      <ul class="plain pairs">
        {pairs.value.map((pair) => (
          <Row
            key={pair.name}
            pair={pair}
            at={whole.indexOf(pair as (typeof whole)[number])}
            told={typeof told === "string" ? null : told}
          />
        ))}
      </ul>
    </section>
  );
}

function Row({ pair, at, told }: { pair: Pair; at: number; told: Fit | null }) {
  const left = told && at >= 0 ? told.residuals[at] : undefined;
  const wrong = told && at >= 0 ? told.outlier[at] : false;
  const apart = told && at >= 0 ? told.leftOut[at] : null;
  const missing = !pair.design ? t("handNoModel") : !pair.scan ? t("handNoScan") : "";
  const sharp = pair.design?.snap === "corner" && pair.scan?.snap === "corner";
  return (
    <li class={wrong ? "picked wrong" : "picked"}>
      <button
        type="button"
        class="line"
        onClick={() => {
          regarded.value = "";
          regarded.value = pair.name;
        }}
        aria-label={t("handLook", { name: pair.name })}
      >
        <span>
          <strong>{pair.name}</strong> {missing || t(sharp ? "handSharp" : "handBlunt")}
        </span>
        {left !== undefined && <span class="number">{t("handLeft", { mm: (1000 * left).toFixed(0) })}</span>}
        {wrong && <span class="wrong">{t("handOutlier", { mm: (1000 * (apart ?? 0)).toFixed(0) })}</span>}
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={t("handRemove", { name: pair.name })}
        onClick={() => remove(pair.name)}
      >
        ✕
      </button>
    </li>
  );
}

function Options() {
  const fitted = typeof fit.value !== "string";
  return (
    <section class="options" aria-label={t("handOptions")}>
      <label class="tick">
        <input
          type="checkbox"
          checked={shownPose.value === "fit"}
          disabled={!fitted}
          onChange={(e) => {
            shownPose.value = e.currentTarget.checked ? "fit" : "";
          }}
        />
        {t("handApply")}
      </label>
      <label class="tick">
        <input
          type="checkbox"
          checked={together.value}
          onChange={(e) => {
            together.value = e.currentTarget.checked;
          }}
        />
        {t("handTogether")}
      </label>
      <label class="tick">
        <input type="checkbox" checked={level.value} onChange={(e) => hold(e.currentTarget.checked)} />
        {t("handLevel")}
      </label>
      <label class="inline">
        {t("handColour")}
        <select
          value={colouring.value}
          onChange={(e) => {
            colouring.value = e.currentTarget.value as typeof colouring.value;
          }}
        >
          <option value="shape">{t("handShape")}</option>
          <option value="intensity">{t("handIntensity")}</option>
          <option value="height">{t("handHeight")}</option>
        </select>
      </label>
    </section>
  );
}
