/** Storey plans: choose the storey, and what is pinned on it as a list too. */
import { useEffect, useRef } from "preact/hooks";
import { t, word } from "../core/i18n";
import { flawsOf, level, levels } from "../core/plan";
import { select, selected, type Workspace } from "../core/state";

const SIGNS = { fail: "✕", missing: "○", ncr: "!" } as const;

export function PlanPanel({ work }: { work: Workspace }) {
  const chosen = levels.value.find((one) => one.name === level.value);
  const row = selected.value;
  const before = useRef(row);
  useEffect(() => {
    // its name and verdict stand below the list of pins: with a finger on a pin nobody looks for them there
    if (row && row !== before.current)
      document.querySelector(".right .detail .banner")?.scrollIntoView({ block: "nearest" });
    before.current = row;
  }, [row]);
  const flaws = work.scene && chosen ? flawsOf(work.scene, work.table.rows, chosen.name) : [];
  return (
    <div class="stack">
      <label class="stack">
        {t("storey")}
        <select
          value={level.value}
          onChange={(e) => {
            level.value = e.currentTarget.value;
          }}
        >
          {[...levels.value].reverse().map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      {chosen && work.scene && (
        <p class="small dim" role="status">
          {t("planSays", { z: (chosen.floor + work.scene.origin_m[2]).toFixed(2), n: flaws.length })}{" "}
          {chosen.estimated && t("planEstimated")}
        </p>
      )}
      {levels.value.length === 0 && (
        <p class="hint" role="status">
          {t("planNone")}
        </p>
      )}
      <ul class="plain">
        {flaws.slice(0, 200).map(({ row, kind }) => (
          <li key={row.globalId}>
            <button
              type="button"
              class="line"
              aria-current={selected.value === row}
              onClick={() => select(row.globalId)}
            >
              <strong>{row.name || row.globalId}</strong>
              <span>
                {kind === "ncr"
                  ? row.ncr?.number
                  : kind === "missing"
                    ? word("status", "missing")
                    : word("verdict", "fail")}
              </span>
              <span class="tag" aria-hidden="true">
                {SIGNS[kind]}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {flaws.length > 200 && <p class="small dim">{t("treeMore", { n: flaws.length - 200 })}</p>}
    </div>
  );
}
