/** The model as a tree: storeys, their classes, and the elements in these. */
import type { ElementRow } from "./elements";

export interface Node {
  readonly key: string;
  readonly level: 1 | 2 | 3;
  readonly label: string;
  readonly ids: readonly number[];
  readonly children: readonly Node[];
  /** The element, for a leaf. */
  readonly row?: ElementRow;
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Build the tree: storeys in the order given, what is on none last; classes and elements by name. */
export function treeOf(rows: readonly ElementRow[], storeys: readonly string[]): Node[] {
  const byStorey = grouped(rows, (row) => row.storey);
  return [...storeys, ""].flatMap((storey): Node[] => {
    const here = byStorey.get(storey);
    if (!here) return [];
    const classes = [...grouped(here, (row) => row.ifcClass)].sort(([one], [other]) => collator.compare(one, other));
    const children = classes.map(([ifcClass, all]): Node => {
      const leaves = [...all]
        .sort((one, other) => collator.compare(one.name, other.name) || one.id - other.id)
        .map(
          (row): Node => ({
            key: row.globalId,
            level: 3,
            label: row.name || row.globalId,
            ids: [row.id],
            children: [],
            row,
          }),
        );
      return {
        key: `${storey}/${ifcClass}`,
        level: 2,
        label: ifcClass,
        ids: all.map((row) => row.id),
        children: leaves,
      };
    });
    return [{ key: `${storey}/`, level: 1, label: storey, ids: here.map((row) => row.id), children }];
  });
}

function grouped(rows: readonly ElementRow[], by: (row: ElementRow) => string): Map<string, ElementRow[]> {
  const made = new Map<string, ElementRow[]>();
  for (const row of rows) {
    const list = made.get(by(row));
    if (list) list.push(row);
    else made.set(by(row), [row]);
  }
  return made;
}

/** Say whether all of some elements are shown, none, or some: `mixed`. */
export function shownOf(ids: readonly number[], hidden: ReadonlySet<number>): true | false | "mixed" {
  if (hidden.size === 0) return true;
  const gone = ids.reduce((sum, id) => sum + (hidden.has(id) ? 1 : 0), 0);
  return gone === 0 ? true : gone === ids.length ? false : "mixed";
}

/** Show all of some elements where any is hidden, else hide them. */
export function switched(ids: readonly number[], hidden: ReadonlySet<number>): Set<number> {
  const next = new Set(hidden);
  const show = shownOf(ids, hidden) !== true;
  for (const id of ids) {
    if (show) next.delete(id);
    else next.add(id);
  }
  return next;
}

export interface Counts {
  readonly pass: number;
  readonly fail: number;
  /** Neither: indeterminate, not measured, not checked. */
  readonly open: number;
}

export function countsOf(ids: readonly number[], rows: readonly ElementRow[]): Counts {
  let [pass, fail] = [0, 0];
  for (const id of ids) {
    const verdict = rows[id]?.verdict;
    if (verdict === "pass") pass += 1;
    else if (verdict === "fail") fail += 1;
  }
  return { pass, fail, open: ids.length - pass - fail };
}

/** A line of the tree as it is shown. */
export interface Line {
  readonly node: Node;
  readonly place: number;
  readonly of: number;
  readonly parent: string | null;
}

/** Return the lines that are seen; of long lists the first `most` and no more. */
export function linesOf(
  nodes: readonly Node[],
  open: ReadonlySet<string>,
  most: number,
  parent: string | null = null,
): Line[] {
  return nodes
    .slice(0, most)
    .flatMap((node, n) => [
      { node, place: n + 1, of: nodes.length, parent },
      ...(open.has(node.key) ? linesOf(node.children, open, most, node.key) : []),
    ]);
}
