/** How predictions fared that later checks measured: scores, calibration, drift. */
import { type Fared, percent, standingOf } from "../core/prediction";
import { ta } from "../core/words/ahead";

const SIDE = 200;
const [LEFT, BELOW] = [34, 26];
const WIDE = 320;
const HIGH = 110;

/** A number of either sign; never a zero with a minus. */
function signed(value: number | null): string {
  return value === null ? "–" : Number(value.toFixed(2)).toFixed(2).replace("-", "−");
}

export function FaredPanel({ fared }: { fared: Fared }) {
  const standing = standingOf(fared);
  const sign = standing === "holds" ? "✓" : standing === "nothing" || standing === "few" ? "–" : "!";
  const { states, brier, skill, log, calibration_z: z } = fared;
  const rows: [string, string][] = [
    [ta("measured"), String(fared.measured)],
    [ta("brier"), brier?.toFixed(3) ?? "–"],
    [ta("skill"), signed(skill)],
    [ta("logScore"), log?.toFixed(3) ?? "–"],
    [ta("z"), signed(z)],
  ];
  return (
    <section class="box fared" aria-label={ta("fared")}>
      <p class={`standing ${standing}`}>
        <span aria-hidden="true">{sign} </span>
        {ta(`standing.${standing}`)}
      </p>
      <p class="dim small">{ta("counts", states as Record<string, number>)}</p>
      {fared.measured > 0 && (
        <>
          <dl class="facts small">
            {rows.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}:`}>{value}</dd>])}
          </dl>
          <Calibration bins={fared.bins} />
          <Drift fared={fared} />
        </>
      )}
    </section>
  );
}

type Bin = Fared["bins"][number];

const told = (one: Bin) =>
  ta("binOf", {
    said: percent(one.predicted),
    happened: percent(one.happened),
    low: percent(one.low),
    high: percent(one.high),
    n: one.count,
  });

function Calibration({ bins }: { bins: readonly Bin[] }) {
  const x = (share: number) => LEFT + (SIDE - 6) * share;
  const y = (share: number) => 4 + (SIDE - 8) * (1 - share);
  const most = Math.max(...bins.map((one) => one.count));
  return (
    <figure class="trend calibration">
      <figcaption>{ta("calibration")}</figcaption>
      <p class="dim small">{ta("calibrationHelp")}</p>
      <svg
        viewBox={`0 0 ${LEFT + SIDE} ${SIDE + BELOW}`}
        role="img"
        aria-label={ta("calibrationPicture", { values: bins.map(told).join("; ") })}
      >
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line x1={x(0)} x2={x(1)} y1={y(share)} y2={y(share)} class="grid" />
            <line x1={x(share)} x2={x(share)} y1={y(0)} y2={y(1)} class="grid" />
            <text x={LEFT - 4} y={y(share) + 3.5} text-anchor="end">
              {100 * share} %
            </text>
            <text x={x(share)} y={SIDE + 10} text-anchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}>
              {100 * share} %
            </text>
          </g>
        ))}
        <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} class="limit" />
        {bins.map((one) => (
          <g key={one.predicted} class={one.agrees ? "pass" : "fail"}>
            <line x1={x(one.predicted)} x2={x(one.predicted)} y1={y(one.low)} y2={y(one.high)} class="interval" />
            {one.agrees ? (
              <circle cx={x(one.predicted)} cy={y(one.happened)} r={3 + 4 * Math.sqrt(one.count / most)} class="dot" />
            ) : (
              <path d={`M${x(one.predicted) - 5},${y(one.happened) - 5}l10,10m0,-10l-10,10`} class="cross" />
            )}
          </g>
        ))}
        <text x={x(0.5)} y={SIDE + 23} text-anchor="middle">
          {ta("binSaid")}
        </text>
      </svg>
      <details>
        <summary>{ta("asTable")}</summary>
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">{ta("binSaid")}</th>
              <th scope="col">{ta("binHappened")}</th>
              <th scope="col">{ta("binCount")}</th>
            </tr>
          </thead>
          <tbody>
            {bins.map((one) => (
              <tr key={one.predicted}>
                <th scope="row">{percent(one.predicted)}</th>
                <td>
                  {percent(one.happened)}{" "}
                  <span class="dim">
                    {percent(one.low)} – {percent(one.high)}
                  </span>
                </td>
                <td>{one.count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function Drift({ fared }: { fared: Fared }) {
  const { drift, cusum_limit: limit, ewma_alarm_at: ewma, cusum_alarm_at: cusum } = fared;
  const last = drift.at(-1);
  if (!last || limit === null) return null;
  const reach = 1.15 * Math.max(...drift.flatMap((one) => [Math.abs(one.ewma), one.ewma_limit]));
  const x = (n: number) => LEFT + ((WIDE - LEFT - 6) * (n + 0.5)) / drift.length;
  const y = (value: number) => HIGH / 2 - (value / reach) * (HIGH / 2 - 4);
  const line = (value: (one: (typeof drift)[number]) => number) =>
    drift.map((one, n) => `${x(n)},${y(value(one))}`).join(" ");
  const zone = `${line((one) => one.ewma_limit)} ${[...drift]
    .map((one, n) => `${x(n)},${y(-one.ewma_limit)}`)
    .reverse()
    .join(" ")}`;
  const values = { n: drift.length, value: signed(last.ewma), limit: last.ewma_limit.toFixed(2) };
  const isOut = (one: (typeof drift)[number]) => Math.abs(one.ewma) > one.ewma_limit;
  return (
    <figure class="trend">
      <figcaption>{ta("driftTitle")}</figcaption>
      <p class="small">
        {ewma === null && cusum === null && `✓ ${ta("driftNone")}`}
        {ewma !== null && `! ${ta("driftEwma", { n: ewma })} `}
        {cusum !== null && `! ${ta("driftCusum", { n: cusum })}`}
      </p>
      <p class="dim small">{ta("driftHelp")}</p>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={ta("driftPicture", values)}>
        <polygon points={zone} class="zone" />
        <line x1={LEFT} x2={WIDE - 6} y1={y(0)} y2={y(0)} class="grid" />
        <polyline points={line((one) => one.ewma)} class="path" />
        {drift.map((one, n) =>
          isOut(one) ? (
            <path key={n} d={`M${x(n) - 4},${y(one.ewma) - 4}l8,8m0,-8l-8,8`} class="cross fail" />
          ) : (
            drift.length <= 40 && <circle key={n} cx={x(n)} cy={y(one.ewma)} r="2.5" class="dot" />
          ),
        )}
        {[last.ewma_limit, 0, -last.ewma_limit].map((value) => (
          <text key={value} x={LEFT - 4} y={y(value) + 3.5} text-anchor="end">
            {signed(value)}
          </text>
        ))}
      </svg>
      <p class="dim small">
        {ta("cusum", { up: last.cusum_up.toFixed(1), down: last.cusum_down.toFixed(1), limit: limit.toFixed(1) })}
      </p>
    </figure>
  );
}
