/** The elements as a table: everything that the model shows, for keyboard, screen reader and search. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Column, markOf, NO_FILTER, sorted } from "../core/elements";
import { colon, t, word } from "../core/i18n";
import { shortValue } from "../core/limits";
import { css, inkOn, RECORDS, VERDICTS } from "../core/palette";
import { inFolder } from "../core/source";
import { filter, filtered, isFiltered, select, selected, statedOf, workspace } from "../core/state";
import { className } from "../core/terms";
import { TRADES, tradeOf } from "../core/trades";

const ROW = 44;
/** Of a row in a narrow table, which says below the name what has no column there (styles/site.css). */
const NARROW_ROW = 64;
const NARROW_REM = 28;
const SPARE = 8;
const COLUMNS: readonly Column[] = ["verdict", "name", "worst", "ifcClass", "storey"];
const HEADS = { verdict: "verdict", name: "name", worst: "worst", ifcClass: "class", storey: "storey" } as const;

export function Sign({ verdict }: { verdict: string }) {
  const meaning = VERDICTS[verdict] ?? VERDICTS["unknown"];
  if (!meaning) return null;
  return (
    <span class="sign" style={{ background: css(meaning.colour), color: inkOn(meaning.colour) }} aria-hidden="true">
      {meaning.sign}
    </span>
  );
}

export function ElementList() {
  const by = useSignal<Column>("verdict");
  const descending = useSignal(false);
  const top = useSignal(0);
  const height = useSignal(600);
  const isNarrow = useSignal(false);
  const frame = useRef<HTMLDivElement>(null);
  const rows = useComputed(() => sorted(filtered.value, by.value, descending.value));

  useEffect(() => {
    const node = frame.current;
    if (!node) return;
    const watch = new ResizeObserver(() => {
      height.value = node.clientHeight;
      isNarrow.value =
        node.offsetWidth <= NARROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    });
    watch.observe(node);
    return () => watch.disconnect();
  }, [height, isNarrow]);
  const tall = isNarrow.value ? NARROW_ROW : ROW;

  const chosen = selected.value;
  useEffect(() => {
    const node = frame.current;
    const at = chosen ? rows.peek().indexOf(chosen) : -1;
    if (!node || at < 0) return;
    if (at * tall < node.scrollTop || (at + 2) * tall > node.scrollTop + node.clientHeight) {
      node.scrollTop = at * tall - node.clientHeight / 3;
    }
  }, [chosen, rows, tall]);

  const first = Math.max(0, Math.floor(top.value / tall) - SPARE);
  const last = Math.min(rows.value.length, Math.ceil((top.value + height.value) / tall) + SPARE);

  function step(event: KeyboardEvent) {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const at = chosen ? rows.value.indexOf(chosen) : -1;
    const next = rows.value[Math.max(0, Math.min(rows.value.length - 1, at + move))];
    if (next) select(next.globalId);
  }

  return (
    <section class="list" aria-label={t("elements")}>
      <Filters />
      <div
        class="rows"
        ref={frame}
        onScroll={(e) => {
          top.value = e.currentTarget.scrollTop;
        }}
        onKeyDown={step}
        tabIndex={0}
        role="grid"
        aria-label={t("elements")}
        aria-rowcount={rows.value.length + 1}
        aria-activedescendant={chosen && rows.value.includes(chosen) ? `row-${chosen.id}` : undefined}
      >
        <div class="row head" role="row">
          {COLUMNS.map((column) => (
            <div
              key={column}
              role="columnheader"
              aria-sort={by.value === column ? (descending.value ? "descending" : "ascending") : "none"}
            >
              <button
                type="button"
                onClick={() => {
                  descending.value = by.value === column && !descending.value;
                  by.value = column;
                }}
              >
                {t(HEADS[column])}
                <span aria-hidden="true">{by.value === column ? (descending.value ? " ▾" : " ▴") : ""}</span>
              </button>
            </div>
          ))}
        </div>
        {rows.value.length === 0 && <p class="empty">{t("nothingFound")}</p>}
        <div style={{ height: `${first * tall}px` }} />
        {rows.value.slice(first, last).map((row, k) => (
          <div
            key={row.globalId}
            role="row"
            id={`row-${row.id}`}
            aria-rowindex={first + k + 2}
            aria-selected={row === chosen}
            class={row === chosen ? "row chosen" : "row"}
            onClick={() => select(row.globalId)}
            onKeyDown={(e) => {
              if (e.key === "Enter") select(row.globalId);
            }}
          >
            <div role="gridcell" class="verdict">
              <Sign verdict={markOf(row)} />
              <span class="called">{word("verdict", markOf(row))}</span>
              {statedOf(row) && (
                <span class="stated" title={t("statedIs", { what: word("verdict", statedOf(row) ?? "") })}>
                  ✎<Sign verdict={statedOf(row) ?? ""} />
                </span>
              )}
            </div>
            <div role="gridcell">
              <span class="over">{row.name || "–"}</span>
              <span class="under">
                <b aria-hidden="true">{word("verdict", markOf(row))}</b>
                {["", className(row.ifcClass), row.storey, statedOf(row) && `✎ ${word("verdict", statedOf(row) ?? "")}`]
                  .filter((part, n) => n === 0 || part)
                  .join(" · ")}
              </span>
            </div>
            <div role="gridcell" class="number">
              {row.worst ? shortValue(row.worst.characteristic, row.worst.actual_mm) : ""}
            </div>
            <div role="gridcell" class="dim">
              {className(row.ifcClass)}
            </div>
            <div role="gridcell" class="dim">
              {row.storey}
            </div>
          </div>
        ))}
        <div style={{ height: `${(rows.value.length - last) * tall}px` }} />
      </div>
    </section>
  );
}

function tradesIn(classes: readonly string[]) {
  const present = new Set(classes.map(tradeOf));
  return TRADES.filter((one) => present.has(one));
}

function Filters() {
  if (workspace.value.kind !== "ready") return null;
  const { table } = workspace.value.value;
  const asked = filter.value;
  const set = (change: Partial<typeof asked>) => {
    filter.value = { ...asked, ...change };
  };
  return (
    <div class="filters">
      <input
        type="search"
        placeholder={t("search")}
        aria-label={t("search")}
        value={asked.text}
        onInput={(e) => set({ text: e.currentTarget.value })}
      />
      <div class="pair">
        <select
          aria-label={t("class")}
          value={asked.ifcClass}
          onChange={(e) => set({ ifcClass: e.currentTarget.value })}
        >
          <option value="">{`${t("class")}${colon()}${t("all")}`}</option>
          {table.classes.map((one) => (
            <option key={one} value={one}>
              {className(one)}
            </option>
          ))}
        </select>
        <select aria-label={t("storey")} value={asked.storey} onChange={(e) => set({ storey: e.currentTarget.value })}>
          <option value="">{`${t("storey")}${colon()}${t("all")}`}</option>
          {table.storeys.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <select aria-label={t("trade")} value={asked.trade} onChange={(e) => set({ trade: e.currentTarget.value })}>
          <option value="">{`${t("trade")}${colon()}${t("all")}`}</option>
          {tradesIn(table.classes).map((one) => (
            <option key={one} value={one}>
              {t(`trade.${one}`)}
            </option>
          ))}
        </select>
        {!inFolder() && (
          <select aria-label={t("ncrs")} value={asked.record} onChange={(e) => set({ record: e.currentTarget.value })}>
            <option value="">{`${t("ncrShort")}${colon()}${t("all")}`}</option>
            {Object.keys(RECORDS).map((one) => (
              <option key={one} value={one}>
                {word("record", one)}
              </option>
            ))}
          </select>
        )}
      </div>
      <div class="chips" role="group" aria-label={t("verdict")}>
        {Object.keys(VERDICTS).map((verdict) => {
          const count = table.rows.filter((row) => markOf(row) === verdict).length;
          if (!count) return null;
          const on = asked.verdict === verdict;
          return (
            <button
              key={verdict}
              type="button"
              class={on ? "chip on" : "chip"}
              aria-pressed={on}
              onClick={() => set({ verdict: on ? "" : verdict })}
            >
              <Sign verdict={verdict} />
              {word("verdict", verdict)} <b>{count}</b>
            </button>
          );
        })}
      </div>
      {isFiltered.value && (
        <div class="between">
          <span class="dim">{t("shown", { n: filtered.value.length, total: table.rows.length })}</span>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              filter.value = NO_FILTER;
            }}
          >
            {t("clearFilters")}
          </button>
        </div>
      )}
    </div>
  );
}
