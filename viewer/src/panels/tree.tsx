/** The model as a tree, by keyboard as the ARIA practices have it: arrows, Home, End, Enter, and space for what is shown. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { markOf } from "../core/elements";
import { t } from "../core/i18n";
import { hidden, select, selected, type Workspace } from "../core/state";
import { className } from "../core/terms";
import { countsOf, type Line, linesOf, type Node, shownOf, switched, treeOf } from "../core/tree";
import { StoreyChoice } from "./storeys";
import { Sign } from "./table";

const MOST = 200;

export function TreePanel({ work }: { work: Workspace }) {
  const { rows, storeys } = work.table;
  const tree = useMemo(() => treeOf(rows, storeys), [rows, storeys]);
  const open = useSignal<ReadonlySet<string>>(new Set());
  const at = useSignal("");
  const list = useRef<HTMLDivElement>(null);
  const seen = () => linesOf(tree, open.value, MOST);
  const lines = seen();
  const activeOf = (all: readonly Line[]) =>
    Math.max(
      0,
      all.findIndex((one) => one.node.key === at.value),
    );
  const active = lines[activeOf(lines)]?.node;

  // the focus follows once the line is there
  useEffect(() => {
    const node = list.current;
    if (node?.contains(document.activeElement)) node.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }, [at.value]);

  function go(line: Line | undefined): void {
    if (line) at.value = line.node.key;
  }
  function toggle(node: Node, wanted = !open.value.has(node.key)): void {
    const next = new Set(open.value);
    if (wanted) next.add(node.key);
    else next.delete(node.key);
    open.value = next;
  }
  /** Keys may come faster than the lines are drawn: they count from what is so now, not from what is seen. */
  function key(event: KeyboardEvent): void {
    const now = seen();
    const n = activeOf(now);
    const line = now[n];
    if (!line) return;
    const { node } = line;
    const isOpen = open.value.has(node.key);
    const acts: Record<string, () => void> = {
      ArrowDown: () => go(now[n + 1]),
      ArrowUp: () => go(now[n - 1]),
      Home: () => go(now[0]),
      End: () => go(now.at(-1)),
      ArrowRight: () => {
        if (node.children.length && !isOpen) toggle(node, true);
        else if (isOpen) go(now[n + 1]);
      },
      ArrowLeft: () => {
        if (isOpen) toggle(node, false);
        else go(now.find((one) => one.node.key === line.parent));
      },
      Enter: () => choose(node),
      " ": () => {
        hidden.value = switched(node.ids, hidden.value);
      },
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
  function choose(node: Node): void {
    if (node.row) select(node.row.globalId);
    else toggle(node);
  }
  const all = rows.map((row) => row.id);
  const target = active;
  return (
    <div class="stack">
      <StoreyChoice />
      <div class="actions">
        <button
          type="button"
          disabled={!target}
          onClick={() => {
            const mine = new Set(target?.ids);
            hidden.value = new Set(all.filter((id) => !mine.has(id)));
          }}
        >
          {t("isolateThis", { name: target ? labelOf(target) : "" })}
        </button>
        <button
          type="button"
          disabled={hidden.value.size === 0}
          onClick={() => {
            hidden.value = new Set();
          }}
        >
          {t("showAll")}
        </button>
      </div>
      <div class="tree" role="tree" aria-label={t("tree")} ref={list} tabIndex={-1} onKeyDown={key}>
        {lines.map((line) => (
          <Item
            key={line.node.key}
            line={line}
            work={work}
            isOpen={open.value.has(line.node.key)}
            active={line.node === active}
            onFocus={() => {
              at.value = line.node.key;
            }}
            onChoose={() => {
              at.value = line.node.key;
              choose(line.node);
            }}
          />
        ))}
      </div>
      <p class="small dim">{t("treeHint")}</p>
    </div>
  );
}

function labelOf(node: Node): string {
  if (node.level === 1) return node.label || t("noStorey");
  return node.level === 2 ? className(node.label) : node.label;
}

interface ItemProps {
  line: Line;
  work: Workspace;
  isOpen: boolean;
  active: boolean;
  onFocus: () => void;
  onChoose: () => void;
}

function Item({ line, work, isOpen, active, onFocus, onChoose }: ItemProps) {
  const { node } = line;
  const shown = shownOf(node.ids, hidden.value);
  const counts = countsOf(node.ids, work.table.rows);
  const label = labelOf(node);
  const state = t(shown === true ? "isShown" : shown === false ? "isHidden" : "isPartly");
  const told = node.row
    ? ""
    : t("treeCounts", { n: node.ids.length, pass: counts.pass, fail: counts.fail, open: counts.open });
  const more = line.place === MOST && line.of > MOST;
  return (
    <>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys of all its lines */}
      <div
        role="treeitem"
        class={`leaf level-${node.level}`}
        aria-level={node.level}
        aria-posinset={line.place}
        aria-setsize={line.of}
        aria-expanded={node.children.length ? isOpen : undefined}
        aria-selected={node.row !== undefined && node.row === selected.value}
        tabIndex={active ? 0 : -1}
        onFocus={onFocus}
        onClick={onChoose}
      >
        <span class="twig" aria-hidden="true">
          {node.children.length ? (isOpen ? "▾" : "▸") : ""}
        </span>
        {node.row && <Sign verdict={markOf(node.row)} />}
        <span class="what">
          {label}
          <span class="unseen">{["", told, state].filter((part, n) => n === 0 || part).join(", ")}</span>
        </span>
        {!node.row && (
          <span class="counts" aria-hidden="true">
            {counts.fail > 0 && <b class="fail">✕ {counts.fail}</b>} {counts.open > 0 && <span>? {counts.open}</span>}{" "}
            {node.ids.length}
          </span>
        )}
        <button
          type="button"
          class="quiet eye"
          tabIndex={-1}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            hidden.value = switched(node.ids, hidden.value);
          }}
        >
          {shown === true ? "◉" : shown === false ? "○" : "◐"}
        </button>
      </div>
      {more && (
        <p class="small dim" role="none">
          {t("treeMore", { n: line.of - MOST })}
        </p>
      )}
    </>
  );
}
