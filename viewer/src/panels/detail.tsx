/** One element: the verdict, and why to believe it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, type Schemas } from "../core/client";
import { markOf } from "../core/elements";
import { t, word } from "../core/i18n";
import { chartOf, limitsText, valueText } from "../core/limits";
import { mode } from "../core/mode";
import { inFolder } from "../core/source";
import {
  aside,
  detailOf,
  ghosted,
  hidden,
  hide,
  type Loaded,
  restated,
  select,
  selected,
  statedOf,
  workspace,
} from "../core/state";
import { className, measured, reason, source } from "../core/terms";
import { ElementHistory } from "./element-history";
import { useLate } from "./late";
import { Failed, Loading } from "./notices";
import { Override } from "./override";
import { Records } from "./records";
import { SeenBy } from "./seen";
import { Sign } from "./table";

export function Detail() {
  const row = selected.value;
  const [state, setState] = useState<Loaded<Schemas["ElementDetail"]>>({
    kind: "loading",
  });
  const [again, setAgain] = useState(0);
  const ready = workspace.value.kind === "ready" ? workspace.value.value : null;
  const known = ready?.check && row && row.verdict !== "unknown";

  const about = useRef("");
  useEffect(() => {
    if (!ready || !row || !known) return;
    const abort = new AbortController();
    const asked = `${ready.check?.id}${row.globalId}`;
    // asked again about the same, what is told stays until the answer: nothing jumps beneath a finger
    setState((before) => (before.kind === "ready" && about.current === asked ? before : { kind: "loading" }));
    about.current = asked;
    detailOf(ready.project.id, row.globalId, ready.check?.id, abort.signal)
      .then((value) => setState({ kind: "ready", value }))
      .catch((error) => {
        if (abort.signal.aborted) return;
        setState({
          kind: "failed",
          problem: error instanceof Problem ? error : new Problem(0, "offline", String(error)),
        });
      });
    return () => abort.abort();
  }, [ready, row, known, again]);

  // a tool that is open says itself what it needs
  if (!row) return mode.value === "" ? <p class="empty">{t("noSelection")}</p> : null;
  return (
    <article class="detail" aria-label={t("details")}>
      <header>
        <div>
          <h2>{row.name || row.globalId}</h2>
          <p class="dim">
            {className(row.ifcClass)}
            {row.storey && ` · ${row.storey}`}
          </p>
          <code class="id">{row.globalId}</code>
        </div>
        <button type="button" class="quiet" aria-label={t("close")} onClick={() => select("")}>
          ✕
        </button>
      </header>
      <p class={`banner ${markOf(row)}`}>
        <Sign verdict={markOf(row)} />
        <strong>{word("verdict", markOf(row))}</strong>
        {statedOf(row) && <span>✎ {word("verdict", statedOf(row) ?? "")}</span>}
        <span>{markOf(row) === "missing" ? word("verdict", row.verdict) : word("status", row.status)}</span>
      </p>
      <div class="actions">
        <button
          type="button"
          aria-pressed={ghosted.value}
          onClick={() => {
            ghosted.value = !ghosted.value;
          }}
        >
          {t("ghost")}
        </button>
        <button
          type="button"
          onClick={() => {
            hide(row.id);
            select("");
          }}
        >
          {t("hide")}
        </button>
        {aside.value.size > 0 && (
          <button
            type="button"
            onClick={() => {
              aside.value = new Set();
            }}
          >
            {t("unaside", { n: aside.value.size })}
          </button>
        )}
        {hidden.value.size > 0 && (
          <button
            type="button"
            onClick={() => {
              hidden.value = new Set();
            }}
          >
            {t("showAll")}
          </button>
        )}
      </div>
      {!known ? (
        <p class="empty">{t("notMeasured")}</p>
      ) : state.kind === "loading" ? (
        <Loading />
      ) : state.kind === "failed" ? (
        <Failed problem={state.problem} again={() => setAgain(again + 1)} />
      ) : (
        <>
          {ready && !inFolder() && (
            <Override
              key={`${state.value.check_run}${row.globalId}`}
              project={ready.project.id}
              detail={state.value}
              onChange={(stated) => {
                restated.value = new Map([...restated.value, [row.globalId, stated]]);
              }}
            />
          )}
          {inFolder() && <FolderPicture detail={state.value} name={row.name || row.globalId} />}
          <Measured detail={state.value} />
          {ready && !inFolder() && <ElementHistory work={ready} globalId={row.globalId} />}
        </>
      )}
      {ready && !inFolder() && <Inspections project={ready.project.id} globalId={row.globalId} />}
      {ready && !inFolder() && <Records project={ready.project.id} row={row} />}
    </article>
  );
}

/** The element's inspections, fetched when an element is first looked at. */
function Inspections(asked: { project: string; globalId: string }) {
  // without a connection: it comes when that is back
  const { shown: Shown } = useLate(
    "inspections",
    async () => (await import("./element-inspections")).ElementInspections,
  );
  return Shown && <Shown {...asked} />;
}

/** The picture of what was found, which a folder has beside the page. */
function FolderPicture({ detail, name }: { detail: Schemas["ElementDetail"] & { picture?: string }; name: string }) {
  const [gone, setGone] = useState(false);
  if (!detail.picture || gone) return null;
  return (
    <div class="pictures">
      <a href={detail.picture} target="_blank" rel="noopener">
        <img
          src={detail.picture}
          alt={t("pictureOf", { what: word("verdict", detail.verdict), name })}
          loading="lazy"
          onError={() => setGone(true)}
        />
      </a>
    </div>
  );
}

function Measured({ detail }: { detail: Schemas["ElementDetail"] }) {
  const share = (value: number | null) => (value === null ? "–" : `${Math.round(100 * value)} %`);
  return (
    <>
      <dl class="facts">
        <dt>{t("state")}</dt>
        <dd>{word("state", detail.presence)}</dd>
        <dt>{t("seenShare")}</dt>
        <dd>{share(detail.visible_fraction)}</dd>
        <dt>{t("points")}</dt>
        <dd>{detail.points.toLocaleString()}</dd>
      </dl>
      {detail.reasons.length > 0 && (
        <ul class="reasons">
          {detail.reasons.map((one) => (
            <li key={one}>{reason(one)}</li>
          ))}
        </ul>
      )}
      {detail.visibility && <SeenBy seen={detail.visibility} presence={detail.presence} />}
      <h3>{t("measurements")}</h3>
      {detail.measurements.length === 0 && <p class="empty">{t("notMeasured")}</p>}
      <ul class="measurements">
        {inOrder(detail.measurements).map((one) => (
          <li key={`${one.characteristic}${one.source}${one.part_id}${one.direction}`}>
            <div class="between">
              <strong>
                <Sign verdict={one.verdict} /> {measured(one)}
              </strong>
              <span class="number">
                {valueText(one)[0]} <span class="dim">{valueText(one)[1]}</span>
              </span>
            </div>
            <Chart one={one} />
            <div class="between dim small">
              <span>
                {t("limits")} {limitsText(one)}
              </span>
              <span>{word("verdict", one.verdict)}</span>
            </div>
            {one.note && <p class="small">{reason(one.note)}</p>}
            <p class="dim small">{source(one.source)}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

const GRAVITY = ["fail", "indeterminate", "pass", "not_measured"];

/** What decides comes first. */
function inOrder(all: readonly Schemas["MeasurementOut"][]): Schemas["MeasurementOut"][] {
  return [...all].sort((one, other) => GRAVITY.indexOf(one.verdict) - GRAVITY.indexOf(other.verdict));
}

/** The value with its interval against the limits: tinted between them, the bar is U. */
function Chart({ one }: { one: Schemas["MeasurementOut"] }) {
  const chart = chartOf(one);
  if (!chart) return null;
  const x = (share: number) => 4 + 292 * share;
  const [lower, upper] = [chart.lower ?? 0, chart.upper ?? 1];
  return (
    <svg
      class={`chart ${one.verdict}`}
      viewBox="0 0 300 34"
      role="img"
      aria-label={`${valueText(one).join(" ")}, ${t("limits")} ${limitsText(one)}`}
    >
      <line x1="4" x2="296" y1="17" y2="17" class="axis" />
      <rect x={x(lower)} width={Math.max(0, x(upper) - x(lower))} y="9" height="16" class="zone" />
      {[chart.lower, chart.upper].map(
        (limit) => limit !== null && <line key={limit} x1={x(limit)} x2={x(limit)} y1="4" y2="30" class="limit" />,
      )}
      <line x1={x(chart.from)} x2={x(chart.to)} y1="17" y2="17" class="interval" />
      <line x1={x(chart.from)} x2={x(chart.from)} y1="11" y2="23" class="interval thin" />
      <line x1={x(chart.to)} x2={x(chart.to)} y1="11" y2="23" class="interval thin" />
      <circle cx={x(chart.actual)} cy="17" r="5" class="actual" />
    </svg>
  );
}
