/** Comparing: which scans, which revisions, and how elements are dyed by what became of them. Nothing here draws. */
import { computed, signal } from "@preact/signals";
import type { Schemas } from "./client";
import type { Dictionary, ElementRow } from "./elements";
import { mode } from "./mode";
import { type Meaning, type Rgb, STATES } from "./palette";

export const COMPARE = "compare";
export const VIEWS = ["timeline", "changes", "revisions", "schedule"] as const;
export type CompareView = (typeof VIEWS)[number];

export const compareView = signal<CompareView>("timeline");

/** The scans that are compared; they stay while somebody looks at something else. */
export const pair = signal<{ project: string; before: string; after: string }>({ project: "", before: "", after: "" });
/** Whether two scans are shown beside a handle; else what became of the elements in between. */
export const swiping = signal(false);
/** The scan that the timeline shows. */
export const timelineAt = signal<{ project: string; epoch: string }>({ project: "", epoch: "" });

/** How an element is dyed: see-through where nothing is known of it. */
export interface Dye {
  readonly colour: Rgb;
  readonly ghost: boolean;
}
export type Dyer = (row: ElementRow) => Dye;

/** In place of what elements are coloured by; null for nothing. */
export const dyer = signal<Dyer | null>(null);

/** Two looks of the model side by side: what is left of the handle, and what is right of it. */
export interface Swipe {
  readonly left: Dyer;
  readonly right: Dyer;
  readonly leftName: string;
  readonly rightName: string;
  readonly leftCheck: string;
  readonly rightCheck: string;
}
export const swipe = signal<Swipe | null>(null);
/** Name of a scan whose points did not come; empty while none is missed. */
export const swipeMissing = signal("");
/** Where the handle is: share of the width from the left. */
export const swipeAt = signal(0.5);

/** What the view dyes by now: nothing once the mode has ended. */
export const dyed = computed<Dyer | null>(() => (mode.value === COMPARE ? (swipe.value?.left ?? dyer.value) : null));
export const dyedBeside = computed<Dyer | null>(() => (mode.value === COMPARE ? (swipe.value?.right ?? null) : null));

/** Return the share of the width after a key was pressed on the handle; null for a key that does nothing. */
export function swiped(at: number, key: string): number | null {
  const step: Record<string, number> = {
    ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1,
    Home: -1, End: 1,
  }; // biome-ignore format: a table
  const by = step[key];
  return by === undefined ? null : Math.min(1, Math.max(0, at + by));
}

const UNKNOWN: Rgb = [186, 192, 200];

/** Return column values by GlobalId. */
export function byGlobalId<V>(ids: readonly string[], column: Dictionary<V>): Map<string, V> {
  return new Map(ids.map((id, row) => [id, column.values[column.index[row] ?? -1] as V]));
}

/** Dye by what was known after an epoch; what was never seen, or is not of that design, is see-through. */
export function statusDyer(of: ReadonlyMap<string, string>): Dyer {
  return (row) => {
    const status = of.get(row.globalId);
    const meaning = status === undefined ? undefined : STATES[status];
    return { colour: meaning?.colour ?? UNKNOWN, ghost: !meaning || status === "planned" };
  };
}

export type EpochChange = keyof typeof CHANGES;

/** What became of elements between two scans, the gravest first; each has a sign as well. */
export const CHANGES = {
  newly_failing: { colour: [213, 94, 0], sign: "✕" },
  built_failing: { colour: [166, 54, 3], sign: "✚" },
  gone: { colour: [204, 121, 167], sign: "○" },
  moved: { colour: [240, 228, 66], sign: "→" },
  repaired: { colour: [0, 114, 178], sign: "✓" },
  built: { colour: [0, 158, 115], sign: "+" },
  not_comparable: { colour: [150, 160, 172], sign: "?" },
  none: { colour: [225, 228, 232], sign: "=" },
} as const satisfies Record<string, Meaning>;

export const CHANGE_ORDER = Object.keys(CHANGES) as EpochChange[];

/** One element of the list of differences. */
export interface ChangedElement {
  readonly globalId: string;
  readonly name: string;
  readonly ifcClass: string;
  readonly storey: string;
  readonly change: EpochChange;
  readonly why: string | null;
  readonly movedMm: number | null;
  readonly uncertaintyMm: number | null;
}

/** Return the differences as rows: the gravest first, of one kind the one that moved most of its U, then by name. */
export function changedElements(told: Schemas["EpochChangesOut"]): ChangedElement[] {
  const at = <V>(column: { values: V[]; index: number[] }, row: number) => column.values[column.index[row] ?? -1];
  const collator = new Intl.Collator(undefined, { numeric: true });
  const rows = told.global_id.map(
    (globalId, row): ChangedElement => ({
      globalId,
      name: told.name[row] ?? "",
      ifcClass: at(told.ifc_class, row) ?? "",
      storey: at(told.storey, row) ?? "",
      change: at(told.change, row) ?? "not_comparable",
      why: at(told.why, row) ?? null,
      movedMm: told.moved_mm[row] ?? null,
      uncertaintyMm: told.moved_uncertainty_mm[row] ?? null,
    }),
  );
  const share = (one: ChangedElement) => (one.movedMm ?? 0) / (one.uncertaintyMm || Number.POSITIVE_INFINITY);
  return rows.sort(
    (one, other) =>
      CHANGE_ORDER.indexOf(one.change) - CHANGE_ORDER.indexOf(other.change) ||
      (one.change === "moved" ? share(other) - share(one) : 0) ||
      collator.compare(one.name || one.globalId, other.name || other.globalId),
  );
}

/** Dye by what became of elements; what cannot be compared is see-through. */
export function changeDyer(rows: readonly ChangedElement[]): Dyer {
  const of = new Map(rows.map((row) => [row.globalId, row.change]));
  return (row) => {
    const change = of.get(row.globalId) ?? "not_comparable";
    return { colour: CHANGES[change].colour, ghost: change === "not_comparable" };
  };
}

/** Whole days between two moments, as people count them. */
export function daysBetween(one: string, other: string): number {
  return Math.round((Date.parse(other) - Date.parse(one)) / 86_400_000);
}

/** What a revision did to elements, the weightiest first; each has a sign as well. */
export const REVISION_CHANGES = {
  added: { colour: [0, 158, 115], sign: "+" },
  removed: { colour: [204, 121, 167], sign: "−" },
  moved: { colour: [240, 228, 66], sign: "→" },
  shape: { colour: [213, 94, 0], sign: "◆" },
  properties: { colour: [86, 180, 233], sign: "≡" },
} as const satisfies Record<string, Meaning>;
export type RevisionChange = keyof typeof REVISION_CHANGES;
export const REVISION_ORDER = Object.keys(REVISION_CHANGES) as RevisionChange[];

export interface RevisedElement {
  readonly globalId: string;
  readonly name: string;
  readonly ifcClass: string;
  readonly storey: string;
  readonly change: RevisionChange;
  readonly movedMm: readonly number[] | null;
  readonly resizedMm: readonly number[] | null;
  readonly said: readonly string[];
}

/** Return what differs as rows: by kind, then by name. */
export function revisedElements(told: Schemas["RevisionChangesOut"]): RevisedElement[] {
  const at = <V>(column: { values: V[]; index: number[] }, row: number) => column.values[column.index[row] ?? -1];
  const collator = new Intl.Collator(undefined, { numeric: true });
  const rows = told.global_id.map(
    (globalId, row): RevisedElement => ({
      globalId,
      name: told.name[row] ?? "",
      ifcClass: at(told.ifc_class, row) ?? "",
      storey: at(told.storey, row) ?? "",
      change: at(told.change, row) ?? "properties",
      movedMm: told.moved_mm[row] ?? null,
      resizedMm: told.resized_mm[row] ?? null,
      said: at(told.said, row) ?? [],
    }),
  );
  return rows.sort(
    (one, other) =>
      REVISION_ORDER.indexOf(one.change) - REVISION_ORDER.indexOf(other.change) ||
      collator.compare(one.name || one.globalId, other.name || other.globalId),
  );
}

const SAME: Rgb = [225, 228, 232];

/** Dye by what a revision changed. */
export function revisionDyer(rows: readonly RevisedElement[]): Dyer {
  const of = new Map(rows.map((row) => [row.globalId, row.change]));
  return (row) => {
    const change = of.get(row.globalId);
    return { colour: change ? REVISION_CHANGES[change].colour : SAME, ghost: false };
  };
}

/** Elements of another revision that are drawn beside those of the model: by GlobalId, see-through where it has both. */
export interface OtherRevision {
  readonly model: string;
  readonly dyes: ReadonlyMap<string, Dye>;
}
export const otherRevision = signal<OtherRevision | null>(null);
/** One of them to look at. */
export const regardedOther = signal("");
/** Set where the other revision's shapes did not come. */
export const otherMissing = signal(false);

/** Return what of another revision is to be seen: what only it has, and where it has what moved or changed its shape. */
export function othersOf(model: string, isOlder: boolean, rows: readonly RevisedElement[]): OtherRevision {
  const alone: RevisionChange = isOlder ? "removed" : "added";
  const shown = rows.filter((row) => row.change === alone || row.change === "moved" || row.change === "shape");
  return {
    model,
    dyes: new Map(
      shown.map((row) => [row.globalId, { colour: REVISION_CHANGES[row.change].colour, ghost: row.change !== alone }]),
    ),
  };
}

/** A move in words: `+400, 0, −20`, millimetres along x, y, z. */
export function along(mm: readonly number[]): string {
  return mm.map((one) => (one > 0 ? `+${one}` : String(one).replace("-", "−"))).join(", ");
}

/** How elements stand to the schedule, the gravest first; each has a sign as well. */
export const STANDINGS = {
  late: { colour: [213, 94, 0], sign: "!" },
  unknown: { colour: [230, 190, 40], sign: "?" },
  early: { colour: [86, 180, 233], sign: "↑" },
  built: { colour: [0, 158, 115], sign: "✓" },
  not_due: { colour: [150, 160, 172], sign: "·" },
  unplanned: { colour: [225, 228, 232], sign: "–" },
} as const satisfies Record<string, Meaning>;
export type Standing = keyof typeof STANDINGS;
export const STANDING_ORDER = Object.keys(STANDINGS) as Standing[];

export interface ScheduledElement {
  readonly globalId: string;
  readonly name: string;
  readonly ifcClass: string;
  readonly storey: string;
  readonly standing: Standing;
  /** GlobalId of the task that is to end last; empty where none builds it. */
  readonly task: string;
}

/** Return how elements stand as rows: the gravest first, then by name. */
export function scheduledElements(told: Schemas["ScheduleProgressOut"]): ScheduledElement[] {
  const at = <V>(column: { values: V[]; index: number[] }, row: number) => column.values[column.index[row] ?? -1];
  const collator = new Intl.Collator(undefined, { numeric: true });
  const rows = told.global_id.map(
    (globalId, row): ScheduledElement => ({
      globalId,
      name: told.name[row] ?? "",
      ifcClass: at(told.ifc_class, row) ?? "",
      storey: at(told.storey, row) ?? "",
      standing: at(told.standing, row) ?? "unplanned",
      task: at(told.task, row) ?? "",
    }),
  );
  return rows.sort(
    (one, other) =>
      STANDING_ORDER.indexOf(one.standing) - STANDING_ORDER.indexOf(other.standing) ||
      collator.compare(one.name || one.globalId, other.name || other.globalId),
  );
}

/** Dye by how elements stand; what does not stand yet, or nobody planned, is see-through. */
export function standingDyer(rows: readonly ScheduledElement[]): Dyer {
  const of = new Map(rows.map((row) => [row.globalId, row.standing]));
  return (row) => {
    const standing = of.get(row.globalId) ?? "unplanned";
    return { colour: STANDINGS[standing].colour, ghost: standing === "not_due" || standing === "unplanned" };
  };
}
