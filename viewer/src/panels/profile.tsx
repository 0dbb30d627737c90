/** The section profile: where to cut, the drawing, and the drawing to take away. */
import { useRef } from "preact/hooks";
import { t } from "../core/i18n";
import { css, diverging } from "../core/palette";
import { csvOf, DIRECTIONS, direction, line, type Profile, profile, TIMES, thickness, times } from "../core/profile";
import { ramp, selected, type Workspace } from "../core/state";

const MOST_DRAWN = 4000;

export function ProfilePanel(_: { work: Workspace }) {
  const state = profile.value;
  const byLine = direction.value === "line";
  const drawing = useRef<SVGSVGElement>(null);
  const name = selected.value?.name || "profile";
  return (
    <div class="stack">
      <div class="chips" role="group" aria-label={t("profile")}>
        {DIRECTIONS.map((one) => (
          <button
            key={one}
            type="button"
            class={one === direction.value ? "chip on" : "chip"}
            aria-pressed={one === direction.value}
            onClick={() => {
              line.value = [];
              direction.value = one;
            }}
          >
            {t(`profile.${one}`)}
          </button>
        ))}
      </div>
      <div class="pair">
        <label class="stack small">
          {t("profileThickness")}
          <select
            value={thickness.value}
            onChange={(e) => {
              thickness.value = Number(e.currentTarget.value);
            }}
          >
            {[0.01, 0.02, 0.05, 0.1, 0.2].map((one) => (
              <option key={one} value={one}>{`${one * 1000} mm`}</option>
            ))}
          </select>
        </label>
        <label class="stack small">
          {t("exaggerated")}
          <select
            value={times.value}
            onChange={(e) => {
              times.value = Number(e.currentTarget.value);
            }}
          >
            {TIMES.map((one) => (
              <option key={one} value={one}>{`${one}×`}</option>
            ))}
          </select>
        </label>
      </div>
      {state.kind === "ready" ? (
        <>
          <Drawing
            profile={state.profile}
            toleranceMm={ramp.value.toleranceMm}
            rangeMm={ramp.value.rangeMm}
            reference={drawing}
          />
          <p class="small dim" role="status">
            {t("profileSays", {
              n: state.profile.points.length,
              thick: Math.round(state.profile.thickness * 1000),
              times: state.profile.times,
              tol: ramp.value.toleranceMm,
            })}{" "}
            {t(state.profile.whole ? "profileWhole" : "profilePart")}
          </p>
          <div class="actions">
            <button
              type="button"
              onClick={() => drawing.current && save(`${name}.svg`, "image/svg+xml", svgText(drawing.current))}
            >
              {t("saveSvg")}
            </button>
            <button type="button" onClick={() => save(`${name}.csv`, "text/csv", csvOf(state.profile))}>
              {t("saveCsv")}
            </button>
          </div>
        </>
      ) : (
        <p class="hint" role="status">
          {state.kind === "none"
            ? t(byLine ? (line.value.length === 1 ? "profileSecond" : "profileLine") : "profileChoose")
            : t(
                state.kind === "loading"
                  ? "measureLoading"
                  : state.kind === "failed"
                    ? "measureFailed"
                    : state.kind === "empty"
                      ? "profileEmpty"
                      : "profileNoOutline",
              )}
        </p>
      )}
    </div>
  );
}

function Drawing({
  profile: shown,
  toleranceMm,
  rangeMm,
  reference,
}: {
  profile: Profile;
  toleranceMm: number;
  rangeMm: number;
  reference: { current: SVGSVGElement | null };
}) {
  const all = shown.outline.flatMap(([a, b, c, d]) => [[a, b], [c, d]] as [number, number][]); // biome-ignore format: pairs
  const margin = Math.max(0.05, (1.6 * shown.times * toleranceMm) / 1000);
  const low = [0, 1].map((k) => all.reduce((best, one) => Math.min(best, one[k] as number), Infinity) - margin) as [
    number,
    number,
  ];
  const high = [0, 1].map((k) => all.reduce((best, one) => Math.max(best, one[k] as number), -Infinity) + margin) as [
    number,
    number,
  ];
  const [wide, tall] = [high[0] - low[0], high[1] - low[1]];
  const unit = Math.max(wide, tall) / 100;
  const path = shown.outline.map(([a, b, c, d]) => `M${f(a)} ${f(-b)}L${f(c)} ${f(-d)}`).join("");
  const every = Math.max(1, Math.ceil(shown.points.length / MOST_DRAWN));
  const groups = new Map<string, string[]>();
  shown.points.forEach((point, n) => {
    if (!point.drawn || n % every) return;
    const [u, v] = point.drawn;
    const mm = point.deviation * 1000;
    const share = Number.isNaN(mm) ? null : Math.round(10 * Math.max(-1, Math.min(1, mm / rangeMm))) / 10;
    const colour = share === null ? "#8c9199" : css(diverging(share)).replaceAll(" ", ",").replace("rgb(", "rgb(");
    const list = groups.get(colour) ?? [];
    list.push(`M${f(u)} ${f(-v)}h0`);
    groups.set(colour, list);
  });
  const bar = scaleBar(wide);
  return (
    <svg
      ref={reference}
      class="profile"
      xmlns="http://www.w3.org/2000/svg"
      viewBox={`${f(low[0])} ${f(-high[1])} ${f(wide)} ${f(tall + 6 * unit)}`}
      role="img"
      aria-label={t("profileDrawing", { n: shown.points.length })}
    >
      <rect x={low[0]} y={-high[1]} width={wide} height={tall + 6 * unit} fill="#ffffff" />
      <path
        d={path}
        fill="none"
        stroke="#bfdcee"
        stroke-width={(2 * shown.times * toleranceMm) / 1000}
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <path d={path} fill="none" stroke="#1b2128" stroke-width={0.35 * unit} stroke-linecap="round" />
      {[...groups].map(([colour, list]) => (
        <path
          key={colour}
          d={list.join("")}
          fill="none"
          stroke={colour}
          stroke-width={1.5 * unit}
          stroke-linecap="round"
        />
      ))}
      <path
        d={`M${f(low[0] + 2 * unit)} ${f(-low[1] + 2 * unit)}h${f(bar)}`}
        stroke="#1b2128"
        stroke-width={0.5 * unit}
      />
      <text
        x={low[0] + 2 * unit}
        y={-low[1] + 5.6 * unit}
        font-size={3.2 * unit}
        font-family="sans-serif"
        fill="#1b2128"
      >
        {bar >= 1 ? `${bar} m` : `${bar * 1000} mm`}
        {shown.times > 1 && ` · ${t("profileTimes", { times: shown.times })}`}
      </text>
    </svg>
  );
}

const f = (value: number): string => value.toFixed(5);

/** Return a round length of about a quarter of the width, metres. */
function scaleBar(wide: number): number {
  const rough = wide / 4;
  const ten = 10 ** Math.floor(Math.log10(rough));
  return [5, 2, 1].map((step) => step * ten).find((one) => one <= rough) ?? ten;
}

function svgText(drawing: SVGSVGElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(drawing)}\n`;
}

function save(name: string, media: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: media }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[\\/:*?"<>|]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
