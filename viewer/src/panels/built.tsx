/** The as-built pose in numbers, and how much the ghost exaggerates it. */
import { t } from "../core/i18n";
import { FACTORS, factor, posed } from "../core/pose";
import type { Workspace } from "../core/state";

const AXES = ["X", "Y", "Z"] as const;

export function BuiltPanel(_: { work: Workspace }) {
  const state = posed.value;
  return (
    <div class="stack">
      <div class="chips" role="group" aria-label={t("exaggerated")}>
        {FACTORS.map((times) => (
          <button
            key={times}
            type="button"
            class={times === factor.value ? "chip on" : "chip"}
            aria-pressed={times === factor.value}
            onClick={() => {
              factor.value = times;
            }}
          >
            {`${times}×`}
          </button>
        ))}
      </div>
      {state.kind !== "ready" ? (
        <p class="hint" role="status">
          {t(
            state.kind === "loading"
              ? "loading"
              : state.kind === "failed"
                ? "offline"
                : state.kind === "none"
                  ? "builtChoose"
                  : "builtUnknown",
          )}
        </p>
      ) : (
        <>
          <table class="numbers">
            <caption>{t("builtCaption")}</caption>
            <thead>
              <tr>
                <th scope="col" />
                {AXES.map((axis) => (
                  <th key={axis} scope="col">
                    {axis}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              <Line
                head={t("builtMove")}
                values={state.pose.translation_mm}
                spread={state.pose.uncertainty_mm}
                unit="mm"
              />
              <Line
                head={t("builtTurn")}
                values={state.pose.rotation_deg}
                spread={state.pose.rotation_uncertainty_deg}
                unit="°"
              />
            </tbody>
          </table>
          <p class="small dim">{t("builtNote")}</p>
        </>
      )}
    </div>
  );
}

function Line({
  head,
  values,
  spread,
  unit,
}: {
  head: string;
  values: readonly (number | null)[];
  spread: readonly (number | null)[];
  unit: string;
}) {
  const digits = unit === "mm" ? 1 : 2;
  const text = (value: number) => `${value > 0 ? "+" : ""}${value.toFixed(digits)}`.replace("-", "−");
  return (
    <tr>
      <th scope="row">{`${head}, ${unit}`}</th>
      {values.map((value, k) => (
        <td key={AXES[k]}>
          {value === null ? <em>{t("notSeen")}</em> : text(value)}
          {value !== null && spread[k] != null && <small>{` ±${(spread[k] as number).toFixed(digits)}`}</small>}
        </td>
      ))}
    </tr>
  );
}
