/** The player of what a simulation shows: opened from a file, played, stepped through, its clashes listed. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { flow, flowOf, showFlow } from "../core/flow";
import { colon, t, word } from "../core/i18n";
import {
  arrivalAt,
  arrivalsIn,
  blockedIn,
  CLASH_COLOURS,
  CLASH_ORDERS,
  type ClashOrder,
  clashesBy,
  clashShown,
  looks,
  moment,
  moments,
  type Overlay,
  overlay,
  overlayOf,
  playing,
  type Space,
  showOverlay,
} from "../core/overlay";
import { css } from "../core/palette";
import { inFolder } from "../core/source";
import { select, selected, type Workspace } from "../core/state";
import { en as aheadWords, ta } from "../core/words/ahead";
import { Choice } from "./fields";
import { FileChoice } from "./file-choice";
import { Flowing } from "./flow";
import { OverlayLegend } from "./legend";
import { Predictions } from "./predictions";
import { Rehearsals } from "./rehearsals";

/** What was run, or what runs let expect. */
const side = signal<"runs" | "predictions">("runs");
const SIDES = ["runs", "predictions"] as const;

/** So many are listed, the deepest first unless asked otherwise. */
const MOST_LISTED = 200;
const order = signal<ClashOrder>("depth");

export function Simulation({ work }: { work: Workspace }) {
  const [fault, setFault] = useState("");
  const shown = overlay.value;
  const take = async (file: File | undefined) => {
    if (!file) return;
    try {
      const text = await file.text();
      const run = flowOf(text);
      if (run) showFlow(run);
      else showOverlay(overlayOf(text));
      setFault("");
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div class="stack">
      {shown && <Shown work={work} shown={shown} />}
      <Flowing />
      {!inFolder() && <Sides />}
      {!inFolder() && side.value === "predictions" ? (
        <Predictions work={work} />
      ) : (
        <>
          {!inFolder() && <Rehearsals work={work} />}
          <FileChoice label={t("openSimulation")} accept=".json" onFile={(file) => void take(file ?? undefined)} />
          {fault && <p role="alert">{t("noSimulation", { why: fault })}</p>}
          {!shown && !flow.value && <p class="empty">{t("simulationHelp")}</p>}
        </>
      )}
    </div>
  );
}

function Sides() {
  return (
    <div class="segments" role="group" aria-label={ta("views")}>
      {SIDES.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={side.value === one}
          onClick={() => {
            side.value = one;
          }}
        >
          {ta(one)}
        </button>
      ))}
    </div>
  );
}

function Shown({ work, shown }: { work: Workspace; shown: Overlay }) {
  const here = selected.value ? looks.value?.get(selected.value.globalId) : undefined;
  const value = selected.value ? shown.values?.of.get(selected.value.globalId) : undefined;
  const named = new Set([
    ...shown.tracks.map((one) => one.element),
    ...(shown.values?.of.keys() ?? []),
    ...shown.clashes.flatMap((one) => one.elements),
  ]);
  const unknown = [...named].filter((id) => !work.table.byGlobalId.has(id)).length;
  return (
    <>
      <div class="between">
        <strong>{shown.title}</strong>
        <button type="button" onClick={() => showOverlay(null)}>
          {t("endSimulation")}
        </button>
      </div>
      {unknown > 0 && <p class="small">{t("unknownElements", { n: unknown })}</p>}
      {shown.seconds > 0 && <Player work={work} shown={shown} />}
      {(here?.state || value !== undefined) && (
        <p role="status">
          {selected.value?.name || selected.value?.globalId}
          {colon()}
          {here?.state && word("simulated", here.state)}
          {value !== undefined && ` ${shown.values?.name} ${value} ${shown.values?.unit}`}
        </p>
      )}
      {shown.seconds > 0 && <BlockedSteps work={work} shown={shown} />}
      {shown.seconds === 0 && <OverlayLegend shown={shown} />}
      {shown.seconds === 0 && !shown.values && shown.clashes.length === 0 && <p role="status">✓ {t("noClashes")}</p>}
      {shown.clashes.length > 0 && <Clashes work={work} shown={shown} />}
    </>
  );
}

/** How elements are called. */
const namer = (work: Workspace) => (id: string) => work.table.rows[work.table.byGlobalId.get(id) ?? -1]?.name || id;
/** So many parts of one step are named. */
const MOST_NAMED = 3;

function Player({ work, shown }: { work: Workspace; shown: Overlay }) {
  const at = moment.value;
  const arrivals = arrivalsIn(shown);
  const now = arrivalAt(arrivals, at);
  const here = arrivals[now];
  const told = here
    ? ta("stepOf", { n: now + 1, total: arrivals.length })
    : t("secondOf", { n: at.toFixed(1), total: shown.seconds.toFixed(1) });
  const left = (here?.elements.length ?? 0) - MOST_NAMED;
  const step = (sign: 1 | -1) => {
    const all = moments(shown);
    const next = sign > 0 ? all.find((one) => one > at + 1e-6) : all.findLast((one) => one < at - 1e-6);
    playing.value = false;
    if (next !== undefined) moment.value = next;
  };
  return (
    <div class="box player" role="group" aria-label={t("player")}>
      <input
        type="range"
        min={0}
        max={shown.seconds}
        step={0.1}
        value={at}
        aria-label={t("moment")}
        aria-valuetext={told}
        onInput={(e) => {
          playing.value = false;
          moment.value = Number(e.currentTarget.value);
        }}
      />
      <div class="between">
        <button type="button" aria-label={t("stepBack")} title={t("stepBack")} onClick={() => step(-1)}>
          ‹
        </button>
        <button
          type="button"
          class="primary"
          onClick={() => {
            if (!playing.value && at >= shown.seconds) moment.value = 0;
            playing.value = !playing.value;
          }}
        >
          {playing.value ? t("pause") : t("play")}
        </button>
        <button type="button" aria-label={t("stepOn")} title={t("stepOn")} onClick={() => step(1)}>
          ›
        </button>
        <output class="number">{told}</output>
      </div>
      {here && (
        <div class="comes">
          {here.elements.slice(0, MOST_NAMED).map((id) => (
            <button key={id} type="button" class="line" onClick={() => select(id)}>
              <strong>{namer(work)(id)}</strong>
              <span class="dim small">{comesAs(looks.value?.get(id)?.state ?? "")}</span>
            </button>
          ))}
          {left > 0 && <span class="dim small">{ta("andMore", { n: left })}</span>}
        </div>
      )}
      <OverlayLegend shown={shown} />
    </div>
  );
}

function comesAs(state: string): string {
  return state ? word("simulated", state) : ta("comes");
}

/** What cannot come to its place: one goes to the moment and the part. */
function BlockedSteps({ work, shown }: { work: Workspace; shown: Overlay }) {
  const blocked = blockedIn(shown);
  const arrivals = arrivalsIn(shown);
  const knows = shown.tracks.some(({ keys }) => keys.some(({ state }) => state === "in place" || state === "blocked"));
  if (!knows) return null;
  if (blocked.length === 0) return <p class="small">✓ {t("notBlocked")}</p>;
  return (
    <>
      <h3>{t("blockedSteps", { n: blocked.length })}</h3>
      <ul class="plain">
        {blocked.slice(0, MOST_LISTED).map(({ element, t: at }) => (
          <li key={element}>
            <button
              type="button"
              class="line"
              onClick={() => {
                playing.value = false;
                moment.value = at;
                select(element);
              }}
            >
              <strong>✕ {namer(work)(element)}</strong>
              <span class="dim small">{ta("stepOf", { n: arrivalAt(arrivals, at) + 1, total: arrivals.length })}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/** What has to be free, what is, and what stands there. */
function spaceSaid({ rule, towards, distanceMm, freeMm, byFaces }: Space, other: string): string {
  const key = `side.${towards}`;
  const side = key in aheadWords ? ta(key as keyof typeof aheadWords) : towards;
  const [distance, free] = [Number(distanceMm.toFixed(1)), freeMm.toFixed(1)];
  const told = ta(freeMm < distanceMm ? "spaceSaid" : "spacePerhaps", { rule, side, distance, free, other });
  return byFaces ? `${told} ${ta("spaceFaces")}` : told;
}

function Clashes({ work, shown }: { work: Workspace; shown: Overlay }) {
  const name = namer(work);
  const chosen = clashShown.value;
  const listed = clashesBy(order.value, shown.clashes, name);
  const told = useRef<HTMLDivElement>(null);
  // it may be chosen in the view, with the list scrolled away
  useEffect(() => told.current?.scrollIntoView({ block: "nearest" }), [chosen]);
  return (
    <>
      <h3>{t("clashes", { n: shown.clashes.length })}</h3>
      {chosen && (
        <div class="box clashing" role="status" ref={told}>
          <p class="small">{chosen.box ? ta("spaceAlone") : t("clashAlone")}</p>
          {chosen.space && <p>{spaceSaid(chosen.space, name(chosen.elements[1]))}</p>}
          {chosen.probability !== undefined && <p>{ta("clashChance", { share: percent(chosen.probability) })}</p>}
          <ul class="plain small">
            {chosen.elements.map((id, n) => (
              <li key={id}>
                <button type="button" class="line" onClick={() => select(id)}>
                  <span class="key" style={{ background: css(CLASH_COLOURS[n === 0 ? 0 : 1]) }} aria-hidden="true" />
                  {n === 0 ? "A" : "B"} · {name(id)}
                </button>
              </li>
            ))}
          </ul>
          <button
            type="button"
            onClick={() => {
              clashShown.value = null;
            }}
          >
            {t("clashEnd")}
          </button>
        </div>
      )}
      {shown.clashes.length > 1 && (
        <Choice
          label={ta("clashOrder")}
          value={order.value}
          options={CLASH_ORDERS.map((one) => [one, ta(`clashOrder.${one}`)] as const)}
          onValue={(one) => {
            order.value = one as ClashOrder;
          }}
        />
      )}
      <ul class="plain">
        {listed.slice(0, MOST_LISTED).map((clash) => (
          <li key={clash.id}>
            <button
              type="button"
              class="line"
              aria-pressed={clash === chosen}
              onClick={() => {
                clashShown.value = clash === chosen ? null : clash;
              }}
            >
              <strong>{clash.label ? word("clash", clash.label) : clash.elements.map(name).join(" × ")}</strong>
              <span class="dim small">
                {clash.elements.map(name).join(" × ")}
                {clash.depthMm !== null && ` · ${clash.depthMm.toFixed(1)} mm`}
                {clash.probability !== undefined && ` · ${percent(clash.probability)}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {shown.clashes.length > MOST_LISTED && (
        <p class="dim small">{t("clashesMore", { n: shown.clashes.length - MOST_LISTED })}</p>
      )}
    </>
  );
}
