/** What the colours say, and the switches of what is drawn. */

import { dyed } from "../core/compare";
import { type Key, t, word } from "../core/i18n";
import { coloursOf, type Overlay, overlay, recoloured, shade } from "../core/overlay";
import { css, diverging, inkOn, RECORDS, type Rgb, STATES, spread, VERDICTS } from "../core/palette";
import { go } from "../core/route";
import { inFolder } from "../core/source";
import { type ColourBy, colourBy, cut, ramp, shows, type Workspace } from "../core/state";
import { className } from "../core/terms";

const COLOURS: readonly ColourBy[] = ["verdict", "status", "ncr", "ifcClass", "storey"];

export function Tools({ work }: { work: Workspace }) {
  const on = shows.value;
  const offered = COLOURS.filter((by) => by !== "ncr" || !inFolder());
  const heights = work.scene?.box_mm;
  const low = heights ? Math.min(...heights.min_z.filter((v): v is number => v !== null)) / 1000 : 0;
  const high = heights ? Math.max(...heights.max_z.filter((v): v is number => v !== null)) / 1000 : 1;
  return (
    <div class="tools">
      <label class="inline">
        {t("colourBy")}
        <select value={colourBy.value} onChange={(e) => go({ colour: e.currentTarget.value })}>
          {offered.map((by) => (
            <option key={by} value={by}>
              {t(by === "ifcClass" ? "class" : by === "ncr" ? "ncrs" : by)}
            </option>
          ))}
        </select>
      </label>
      <div class="toggles">
        {(["model", "edges", "scan"] as const).map((what) => (
          <button
            key={what}
            type="button"
            class={on[what] ? "chip on" : "chip"}
            aria-pressed={on[what]}
            disabled={what === "scan" && !work.check?.has_scene}
            onClick={() => {
              shows.value = { ...on, [what]: !on[what] };
            }}
          >
            {t(what)}
          </button>
        ))}
        <button
          type="button"
          class={cut.value === null ? "chip" : "chip on"}
          aria-pressed={cut.value !== null}
          onClick={() => {
            cut.value = cut.value === null ? low + 0.6 * (high - low) : null;
          }}
        >
          {t("section")}
        </button>
      </div>
      {cut.value !== null && (
        <label class="inline">
          {t("sectionHeight")}
          <input
            type="range"
            min={low}
            max={high}
            step={0.05}
            value={cut.value}
            onInput={(e) => {
              cut.value = Number(e.currentTarget.value);
            }}
          />
        </label>
      )}
      {overlay.value && <OverlayLegend shown={overlay.value} />}
      {on.scan ? (
        <Ramp />
      ) : dyed.value ? (
        <p class="small">{t("compareColours")}</p>
      ) : (
        !recoloured.value && <Legend work={work} />
      )}
    </div>
  );
}

/** What the colours of a simulation say; elements that it does not speak of keep those of the model. */
export function OverlayLegend({ shown }: { shown: Overlay }) {
  const colours = coloursOf(shown);
  return (
    <div class="stack small">
      {colours.length > 0 && (
        <ul class="legend" aria-label={t("overlayColours")}>
          {colours.map(({ state, colour }) => (
            <li key={`${state} ${colour}`}>
              <span class="sign" style={{ background: css(colour), color: inkOn(colour) }} aria-hidden="true">
                {state === "blocked" ? "✕" : state ? "✓" : ""}
              </span>
              {state ? word("simulated", state) : t("simulatedMoved")}
            </li>
          ))}
        </ul>
      )}
      {shown.values && <Scale values={shown.values} />}
      {recoloured.value && <p class="dim">{t("overlayElse")}</p>}
    </div>
  );
}

function Scale({ values }: { values: NonNullable<Overlay["values"]> }) {
  const ends = [values.low, values.high].map((one) => css(shade(values, one)));
  return (
    <div class="scale">
      <div class="small">{values.name}</div>
      <div class="bar" style={{ background: `linear-gradient(to right, ${ends.join(", ")})` }} aria-hidden="true" />
      <div class="between small">
        <span>
          {values.low} {values.unit}
        </span>
        <span>
          {values.high} {values.unit}
        </span>
      </div>
    </div>
  );
}

function Ramp() {
  const { rangeMm, toleranceMm } = ramp.value;
  const stops = Array.from({ length: 21 }, (_, k) => css(diverging(k / 10 - 1))).join(", ");
  return (
    <div class="ramp">
      <div class="bar" style={{ background: `linear-gradient(to right, ${stops})` }} aria-hidden="true" />
      <div class="between small">
        <span>
          −{rangeMm} mm {t("inside")}
        </span>
        <span>
          {t("outside")} +{rangeMm} mm
        </span>
      </div>
      <label class="inline">
        {t("range")} <output>{rangeMm} mm</output>
        <input
          type="range"
          min={2}
          max={200}
          value={rangeMm}
          onInput={(e) => {
            ramp.value = {
              ...ramp.value,
              rangeMm: Number(e.currentTarget.value),
            };
          }}
        />
      </label>
      <label class="inline">
        {t("tolerance")} <output>±{toleranceMm} mm</output>
        <input
          type="range"
          min={0}
          max={100}
          value={toleranceMm}
          onInput={(e) => {
            ramp.value = {
              ...ramp.value,
              toleranceMm: Number(e.currentTarget.value),
            };
          }}
        />
      </label>
    </div>
  );
}

function Legend({ work }: { work: Workspace }) {
  const by = colourBy.value;
  const entries: [string, Rgb, string][] =
    by === "verdict"
      ? Object.entries(VERDICTS).map(([key, one]) => [word("verdict", key), one.colour, one.sign])
      : by === "status"
        ? Object.entries(STATES).map(([key, one]) => [word("status", key), one.colour, one.sign])
        : by === "ncr"
          ? Object.entries(RECORDS).map(([key, one]) => [t(`record.${key}` as Key), one.colour, one.sign])
          : (by === "storey" ? work.table.storeys : work.table.classes).map((text, n) => [
              by === "storey" ? text : className(text),
              spread(n),
              "",
            ]);
  return (
    <ul class="legend">
      {entries.map(([text, colour, sign]) => (
        <li key={text}>
          <span class="sign" style={{ background: css(colour), color: inkOn(colour) }} aria-hidden="true">
            {sign}
          </span>
          {text}
        </li>
      ))}
    </ul>
  );
}
