/** The elements of a model and what is known of them, as columns: a hundred thousand rows are a few arrays. */

import { standing } from "./palette";
import { tradeOf } from "./trades";

/** A text that repeats: its values, and per row which of them. */
export interface Dictionary<V = string | null> {
  values: V[];
  index: number[];
}

/** `elements.json` of a model's scene (qtems.scene.elements/1). */
export interface SceneElements {
  schema: string;
  count: number;
  origin_m: [number, number, number];
  global_id: string[];
  name: string[];
  ifc_class: Dictionary;
  type_name: Dictionary;
  storey: Dictionary;
  materials: Dictionary;
  part: number[];
  triangles: number[];
  clear: number[];
  box_mm: Record<"min_x" | "min_y" | "min_z" | "max_x" | "max_y" | "max_z", (number | null)[]>;
}

export interface Known {
  verdict: string;
  status: string;
  /** The measurement that decides, null where there is none. */
  worst: Worst | null;
  /** Number and state of the nonconformance record about it, null for none. */
  ncr: { id: string; number: string; state: string } | null;
  /** What a person states beside the verdict; null where nobody does. */
  stated: string | null;
}

export interface Worst {
  characteristic: string;
  actual_mm: number | null;
  uncertainty_mm: number | null;
}

/** The columns of `GET .../element-columns`, as far as they are shown. */
export interface Columns {
  global_id: string[];
  verdict: Dictionary<string>;
  status: Dictionary<string>;
  characteristic: Dictionary;
  actual_mm: (number | null)[];
  uncertainty_mm: (number | null)[];
  ncr: Dictionary<Known["ncr"]>;
  override?: Dictionary<string | null>;
}

/** Return what the columns say, by GlobalId. */
export function knownFrom(columns: Columns): Map<string, Known> {
  const at = <V>(column: Dictionary<V>, row: number) => column.values[column.index[row] ?? -1];
  return new Map(
    columns.global_id.map((globalId, row): [string, Known] => {
      const characteristic = at(columns.characteristic, row) ?? null;
      const worst = characteristic && {
        characteristic,
        actual_mm: columns.actual_mm[row] ?? null,
        uncertainty_mm: columns.uncertainty_mm[row] ?? null,
      };
      const told = { verdict: at(columns.verdict, row) ?? "unknown", status: at(columns.status, row) ?? "planned" };
      const stated = (columns.override && at(columns.override, row)) ?? null;
      return [globalId, { ...told, worst: worst || null, ncr: at(columns.ncr, row) ?? null, stated }];
    }),
  );
}

/** One row, as the table and the panel need it. */
export interface ElementRow {
  /** Feature id: the place in the columns, and the number in the model's vertices. */
  readonly id: number;
  readonly globalId: string;
  readonly name: string;
  readonly ifcClass: string;
  readonly storey: string;
  readonly verdict: string;
  readonly status: string;
  readonly worst: Worst | null;
  readonly ncr: Known["ncr"];
  readonly stated?: string | null;
}

/** Everything that is known of the elements at one epoch. */
export interface ElementTable {
  readonly rows: readonly ElementRow[];
  readonly byGlobalId: ReadonlyMap<string, number>;
  readonly storeys: readonly string[];
  readonly classes: readonly string[];
}

export function joined(scene: SceneElements, known: ReadonlyMap<string, Known>): ElementTable {
  const text = (column: Dictionary, row: number) => column.values[column.index[row] ?? -1] ?? "";
  const rows = scene.global_id.map((globalId, id): ElementRow => {
    const told = known.get(globalId);
    return {
      id,
      globalId,
      name: scene.name[id] ?? "",
      ifcClass: text(scene.ifc_class, id),
      storey: text(scene.storey, id),
      verdict: told?.verdict ?? "unknown",
      status: told?.status ?? "planned",
      worst: told?.worst ?? null,
      ncr: told?.ncr ?? null,
      stated: told?.stated ?? null,
    };
  });
  return {
    rows,
    byGlobalId: new Map(rows.map((row) => [row.globalId, row.id])),
    storeys: present(rows.map((row) => row.storey)),
    classes: present(rows.map((row) => row.ifcClass)).sort(),
  };
}

function present(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "");
}

export interface Filter {
  text: string;
  verdict: string;
  ifcClass: string;
  storey: string;
  trade: string;
  /** Where the nonconformance record about it stands. */
  record: string;
}

export const NO_FILTER: Filter = {
  text: "",
  verdict: "",
  ifcClass: "",
  storey: "",
  trade: "",
  record: "",
};

export function matches(row: ElementRow, filter: Filter): boolean {
  if (filter.verdict && markOf(row) !== filter.verdict) return false;
  if (filter.ifcClass && row.ifcClass !== filter.ifcClass) return false;
  if (filter.storey && row.storey !== filter.storey) return false;
  if (filter.trade && tradeOf(row.ifcClass) !== filter.trade) return false;
  if (filter.record && standing(row.ncr?.state ?? null) !== filter.record) return false;
  const wanted = filter.text.trim().toLowerCase();
  if (!wanted) return true;
  return [row.name, row.ifcClass, row.globalId, row.ncr?.number ?? ""].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

export type Column = "name" | "ifcClass" | "storey" | "verdict" | "worst";
const SEVERITY = ["missing", "fail", "indeterminate", "pass", "not_measured", "unknown"];

/** Return rows in order; equal ones stay as the model has them. */
export function sorted(rows: readonly ElementRow[], by: Column, descending: boolean): ElementRow[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const order = (one: ElementRow, other: ElementRow) => {
    if (by === "verdict")
      return SEVERITY.indexOf(markOf(one)) - SEVERITY.indexOf(markOf(other)) || size(other) - size(one);
    return by === "worst" ? size(other) - size(one) : collator.compare(one[by], other[by]);
  };
  const sign = descending ? -1 : 1;
  return [...rows].sort(
    (one, other) => sign * order(one, other) || collator.compare(one.name, other.name) || one.id - other.id,
  );
}

/** How an element is marked: its verdict, except that what is missing stands apart, as in the reports. */
export function markOf(row: Pick<ElementRow, "verdict" | "status">): string {
  return row.verdict === "fail" && row.status === "missing" ? "missing" : row.verdict;
}

/** How far out an element is, millimetres: missing above all others, below them where nothing was measured. */
function size(row: ElementRow): number {
  if (markOf(row) === "missing") return Number.MAX_VALUE;
  return row.worst?.actual_mm == null ? -1 : Math.abs(row.worst.actual_mm);
}

/** Return the box of an element in metres relative to the scene's origin; null when it has no shape. */
export function boxOf(scene: SceneElements, id: number): { min: number[]; max: number[] } | null {
  const side = (end: "min" | "max") => (["x", "y", "z"] as const).map((axis) => scene.box_mm[`${end}_${axis}`][id]);
  const [min, max] = [side("min"), side("max")];
  const whole = [...min, ...max].every((value) => value !== null && value !== undefined);
  return whole
    ? {
        min: min.map((v) => Number(v) / 1000),
        max: max.map((v) => Number(v) / 1000),
      }
    : null;
}
