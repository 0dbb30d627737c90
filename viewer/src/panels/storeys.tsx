/** What of a model that comes by storey is in memory, and which storeys are wanted. */
import { t } from "../core/i18n";
import { budget, loads, wanted } from "../core/memory";

export function StoreyChoice() {
  const all = loads.value;
  if (all.length < 2) return null;
  const held = all.filter((one) => one.loaded);
  const total = held.reduce((sum, one) => sum + one.triangles, 0);
  const change = (storey: string, on: boolean) => {
    const next = new Set(wanted.value ?? held.map((one) => one.storey));
    if (on) next.add(storey);
    else next.delete(storey);
    wanted.value = next;
  };
  return (
    <details class="box" open={held.length < all.length}>
      <summary>{t("memorySays", { n: held.length, of: all.length })}</summary>
      {total > budget.value && (
        <p class="hint" role="status">
          {t("memoryOver")}
        </p>
      )}
      {all.map((one) => (
        <label key={one.storey} class="check">
          <input
            type="checkbox"
            checked={wanted.value ? wanted.value.has(one.storey) : one.loaded}
            onChange={(e) => change(one.storey, e.currentTarget.checked)}
          />
          <span>
            {one.storey || t("noStorey")}{" "}
            <span class="dim small">{t("memorySize", { n: (one.triangles / 1e6).toFixed(1) })}</span>
          </span>
        </label>
      ))}
    </details>
  );
}
