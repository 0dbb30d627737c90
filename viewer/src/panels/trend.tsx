/** Each measured characteristic of an element over the scans, with U and limits, as a picture and as a table. */
import { get, type Schemas } from "../core/client";
import { t, word } from "../core/i18n";
import { limitsText, valueText } from "../core/limits";
import type { Workspace } from "../core/state";
import { measured } from "../core/terms";
import { trendPicture } from "../core/trend";
import { useAsked } from "./asked";
import { when } from "./fields";

const [WIDE, HIGH] = [320, 150];
type Series = Schemas["SeriesOut"];
type Sighting = Schemas["SightingOut"];

export function Trend({ work, globalId }: { work: Workspace; globalId: string }) {
  const at = `/projects/${work.project.id}/elements/${encodeURIComponent(globalId)}/trend`;
  const [state] = useAsked(() => get<Schemas["TrendOut"]>(at), [at]);
  // the history above says what is wrong, and has the way on
  if (state.kind !== "ready" || state.value.sightings.length < 2) return null;
  const { sightings, series } = state.value;
  const several = series.filter((one) => one.points.length > 1);
  if (several.length === 0) return series.length ? <p class="small dim">{t("trendOne")}</p> : null;
  return (
    <section class="stack trends">
      <h3>{t("trend")}</h3>
      <p class="small dim">{t("trendLegend")}</p>
      {several.map((one) => (
        <One
          key={`${one.characteristic}${one.part_id}${one.direction}${one.method}`}
          one={one}
          sightings={sightings}
          work={work}
        />
      ))}
    </section>
  );
}

const value = (one: Series, point: Series["points"][number]) =>
  valueText({ ...point, characteristic: one.characteristic }).join(" ");

function One({ one, sightings, work }: { one: Series; sightings: readonly Sighting[]; work: Workspace }) {
  const name = (epoch: string) => work.scans.find((scan) => scan.id === epoch)?.name ?? "";
  const of = new Map(one.points.map((point) => [point.epoch, point]));
  return (
    <figure class="trend">
      <figcaption>
        {measured(one)} <span class="dim small">mm</span>
      </figcaption>
      <Picture one={one} moments={sightings.map((sighting) => sighting.captured_at)} />
      <details>
        <summary>{t("trendTable")}</summary>
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">{t("trendScan")}</th>
              <th scope="col">{t("trendValue")}</th>
              <th scope="col">{t("trendLimits")}</th>
              <th scope="col">{t("verdict")}</th>
            </tr>
          </thead>
          <tbody>
            {sightings.map((sighting) => {
              const point = of.get(sighting.epoch);
              return (
                <tr key={sighting.check}>
                  <th scope="row">
                    {name(sighting.epoch)} <span class="dim">{when(sighting.captured_at).slice(0, 10)}</span>
                  </th>
                  <td>{point ? value(one, point) : t("trendNotMeasured")}</td>
                  <td>{point ? limitsText({ ...point, characteristic: one.characteristic }) : "–"}</td>
                  <td>{point ? word("verdict", point.verdict) : word("seen", sighting.seen)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Picture({ one, moments }: { one: Series; moments: readonly string[] }) {
  const picture = trendPicture(one.points, moments);
  if (!picture) return null;
  const [x, y] = [(share: number) => 40 + (WIDE - 46) * share, (share: number) => 4 + (HIGH - 24) * share];
  const zone = [
    ...picture.zone.map((at) => `${x(at.x)},${y(at.top)}`),
    ...[...picture.zone].reverse().map((at) => `${x(at.x)},${y(at.bottom)}`),
  ].join(" ");
  const line = (at: readonly { x: number; y: number }[]) => at.map((one) => `${x(one.x)},${y(one.y)}`).join(" ");
  const values = one.points.map((point) => `${when(point.captured_at).slice(0, 10)} ${value(one, point)}`).join("; ");
  const [first, last] = [moments[0], moments.at(-1)];
  return (
    <svg
      viewBox={`0 0 ${WIDE} ${HIGH}`}
      role="img"
      aria-label={t("trendPicture", { what: measured(one), n: one.points.length, values })}
    >
      {picture.ticks.map((tick) => (
        <g key={tick.mm}>
          <line x1={x(0)} x2={x(1)} y1={y(tick.y)} y2={y(tick.y)} class="grid" />
          <text x={x(0) - 4} y={y(tick.y) + 3.5} text-anchor="end">
            {String(tick.mm).replace("-", "−")}
          </text>
        </g>
      ))}
      <polygon points={zone} class="zone" />
      <polyline points={line(picture.upper)} class="limit" />
      <polyline points={line(picture.lower)} class="limit" />
      <polyline points={line(picture.points)} class="path" />
      {picture.gaps.map((gap) => (
        <line key={gap.captured_at} x1={x(gap.x)} x2={x(gap.x)} y1={y(0)} y2={y(1)} class="gap" />
      ))}
      {picture.points.map(({ point, x: at, y: middle, from, to }) => (
        <g key={point.captured_at} class={point.verdict}>
          <line x1={x(at)} x2={x(at)} y1={y(from)} y2={y(to)} class="interval" />
          <line x1={x(at) - 5} x2={x(at) + 5} y1={y(from)} y2={y(from)} class="interval" />
          <line x1={x(at) - 5} x2={x(at) + 5} y1={y(to)} y2={y(to)} class="interval" />
          <Dot verdict={point.verdict} x={x(at)} y={y(middle)} />
        </g>
      ))}
      <text x={x(0)} y={HIGH - 4}>
        {when(first).slice(0, 10)}
      </text>
      <text x={x(1)} y={HIGH - 4} text-anchor="end">
        {when(last).slice(0, 10)}
      </text>
    </svg>
  );
}

/** A shape for each verdict: colour is never the only sign. */
function Dot({ verdict, x, y }: { verdict: string; x: number; y: number }) {
  if (verdict === "fail") return <path d={`M${x - 5},${y - 5}l10,10m0,-10l-10,10`} class="cross" />;
  if (verdict === "pass") return <circle cx={x} cy={y} r="4.5" class="dot" />;
  return <rect x={x - 4} y={y - 4} width="8" height="8" class="dot open" />;
}
