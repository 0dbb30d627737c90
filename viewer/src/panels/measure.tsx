/** Measuring: which tool, what to tap next, and the list of what was measured. */
import { useState } from "preact/hooks";
import { type Key, t } from "../core/i18n";
import {
  choose,
  forget,
  type Measured,
  measures,
  PLACES,
  patch,
  pending,
  said,
  TOOLS,
  tool,
  written,
} from "../core/measure";
import type { Workspace } from "../core/state";

export function MeasurePanel({ work }: { work: Workspace }) {
  const which = tool.value;
  const done = pending.value.length;
  const [copied, setCopied] = useState(false);
  const list = measures.value;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(list.map((one, n) => lineOf(one, n)).join("\n"));
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <div class="stack">
      <div class="chips" role="group" aria-label={t("measure")}>
        {TOOLS.map((one) => (
          <button
            key={one}
            type="button"
            class={one === which ? "chip on" : "chip"}
            aria-pressed={one === which}
            disabled={one === "scan" && !work.check?.has_scene}
            onClick={() => choose(one)}
          >
            {t(`measure.${one}`)}
          </button>
        ))}
      </div>
      <p class="hint" role="status">
        {said.value ? t(said.value) : t(`measureHow.${which}`)}
        {PLACES[which] > 1 && ` (${done + 1}/${PLACES[which]})`}
      </p>
      {which === "scan" && (
        <label class="inline">
          {t("patchRadius")}
          <select
            value={patch.value}
            onChange={(e) => {
              patch.value = Number(e.currentTarget.value);
            }}
          >
            {[0.03, 0.05, 0.1, 0.2].map((radius) => (
              <option key={radius} value={radius}>{`${radius * 1000} mm`}</option>
            ))}
          </select>
        </label>
      )}
      {list.length > 0 && (
        <>
          <ol class="measures" aria-label={t("measureList")}>
            {list.map((one, n) => (
              <li key={one.id} class="box">
                <div class="between">
                  <strong>{`${n + 1} · ${t(`measure.${one.tool}`)}`}</strong>
                  <button
                    type="button"
                    class="quiet"
                    aria-label={`${t("remove")} ${n + 1}`}
                    onClick={() => forget(one.id)}
                  >
                    ✕
                  </button>
                </div>
                <dl class="facts">
                  {one.figures.map((figure) => (
                    <>
                      <dt>{t(`figure.${figure.name}` as Key)}</dt>
                      <dd>{written(figure)}</dd>
                    </>
                  ))}
                  {one.count !== undefined && (
                    <>
                      <dt>{t("figure.count")}</dt>
                      <dd>{one.count}</dd>
                    </>
                  )}
                </dl>
                {one.tool === "scan" && (
                  <p class="small dim">{t(one.registered ? "measureWithRegistration" : "measureNoRegistration")}</p>
                )}
              </li>
            ))}
          </ol>
          <div class="actions">
            <button type="button" onClick={() => void copy()}>
              {t(copied ? "copied" : "copyList")}
            </button>
            <button
              type="button"
              onClick={() => {
                measures.value = [];
              }}
            >
              {t("removeAll")}
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function lineOf(one: Measured, n: number): string {
  const figures = one.figures.map((figure) => `${t(`figure.${figure.name}` as Key)} ${written(figure)}`);
  const count = one.count === undefined ? [] : [`${t("figure.count")} ${one.count}`];
  return [`${n + 1}`, t(`measure.${one.tool}`), ...figures, ...count].join("\t");
}
