/** A probability as a bar with its interval: read by its text, too. */
import { percent } from "../core/prediction";
import { ta } from "../core/words/ahead";

export function Chance({ probability, low, high }: { probability: number; low: number | null; high: number | null }) {
  const known = low !== null && high !== null;
  return (
    <span class="chance">
      <span class="bar" aria-hidden="true">
        <i class="value" style={{ width: `${100 * probability}%` }} />
        {known && <i class="between-them" style={{ left: `${100 * low}%`, width: `${100 * (high - low)}%` }} />}
      </span>
      <span class="small">
        <b>{ta("chance", { share: percent(probability) })}</b>{" "}
        <span class="dim">{known ? ta("interval", { low: percent(low), high: percent(high) }) : ta("noInterval")}</span>
      </span>
    </span>
  );
}
