/** A run of a production line, played: at each station who waits, is worked on, or is done; and what has left the line. */
import { useEffect } from "preact/hooks";
import { type Flow, flow, flowAt, flowed, flowing, showFlow, standingAt } from "../core/flow";
import { bracketed, t, word } from "../core/i18n";

const MOST_DOTS = 24;
const CALM_STEP_S = 1;

export function FlowPlayer({ run }: { run: Flow }) {
  const at = flowAt.value;
  const { stations, out } = standingAt(run, at);
  useEffect(() => {
    if (!flowing.value) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let [frame, last, waited] = [0, performance.now(), 0];
    const tick = (now: number) => {
      waited += (now - last) / 1000;
      last = now;
      if (!calm || waited >= CALM_STEP_S) {
        flowAt.value = flowed(run, flowAt.peek(), waited, calm);
        waited = 0;
      }
      if (flowAt.peek() >= run.until) flowing.value = false;
      else frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [run, flowing.value]);
  const go = (next: number | undefined) => {
    flowing.value = false;
    if (next !== undefined) flowAt.value = next;
  };
  const told = `${at.toFixed(1)} / ${run.until.toFixed(1)} ${run.unit}`;
  return (
    <section class="stack flow">
      <div class="between">
        <strong>{t("flow")}</strong>
        <button type="button" onClick={() => showFlow(null)}>
          {t("endSimulation")}
        </button>
      </div>
      <div class="box player" role="group" aria-label={t("player")}>
        <input
          type="range"
          min={0}
          max={run.until}
          step={run.until / 600 || 1}
          value={at}
          aria-label={t("moment")}
          aria-valuetext={told}
          onInput={(e) => go(Number(e.currentTarget.value))}
        />
        <div class="between">
          <button
            type="button"
            aria-label={t("stepBack")}
            title={t("stepBack")}
            onClick={() => go(run.moments.findLast((one) => one < at - 1e-9))}
          >
            ‹
          </button>
          <button
            type="button"
            class="primary"
            onClick={() => {
              if (!flowing.value && at >= run.until) flowAt.value = 0;
              flowing.value = !flowing.value;
            }}
          >
            {flowing.value ? t("pause") : t("play")}
          </button>
          <button
            type="button"
            aria-label={t("stepOn")}
            title={t("stepOn")}
            onClick={() => go(run.moments.find((one) => one > at + 1e-9))}
          >
            ›
          </button>
          <output class="number">{told}</output>
        </div>
      </div>
      <table class="numbers">
        <caption>{t("flowSays")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("station")}</th>
            {(["waits", "worked", "done"] as const).map((one) => (
              <th key={one} scope="col">
                {t(`flow.${one}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {stations.map(({ station, waits, worked, done }) => (
            <tr key={station}>
              <th scope="row">{station}</th>
              <td>
                <Dots n={waits} kind="waits" />
              </td>
              <td>
                <Dots n={worked} kind="worked" />
              </td>
              <td>
                <Dots n={done} kind="done" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="tags">
        {Object.entries(out).map(([way, n]) => (
          <span key={way} class="tag">
            {word("flowOut", way)}
            {bracketed(n)}
          </span>
        ))}
      </p>
    </section>
  );
}

const SIGNS = { waits: "○", worked: "●", done: "◐" } as const;

function Dots({ n, kind }: { n: number; kind: keyof typeof SIGNS }) {
  return (
    <>
      <span class={`dots ${kind}`} aria-hidden="true">
        {SIGNS[kind].repeat(Math.min(n, MOST_DOTS))}
      </span>{" "}
      {n}
    </>
  );
}

/** The run that is shown; nothing while there is none. */
export function Flowing() {
  return flow.value && <FlowPlayer key={flow.value.until} run={flow.value} />;
}
