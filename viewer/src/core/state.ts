/** What the interface shows of one project; panels and the stage read it, and change it only by these functions. */
import { computed, signal } from "@preact/signals";
import { ask, get, list, Problem, ROOT, type Schemas } from "./client";
import {
  type Columns,
  type ElementRow,
  type ElementTable,
  type Filter,
  joined,
  type Known,
  knownFrom,
  matches,
  NO_FILTER,
  type SceneElements,
} from "./elements";
import { go, place } from "./route";
import { fetchAhead, readAhead } from "./source";

export type ColourBy = "verdict" | "status" | "ncr" | "ifcClass" | "storey";

export interface Workspace {
  project: Schemas["ProjectOut"];
  model: Schemas["ModelOut"];
  scans: Schemas["ScanOut"][];
  scan: Schemas["ScanOut"] | null;
  check: Schemas["CheckOut"] | null;
  /** The newest check of the scan, when its registration was refused and none counts. */
  refused: Schemas["CheckOut"] | null;
  scene: SceneElements | null;
  table: ElementTable;
}

export type Loaded<T> = { kind: "loading" } | { kind: "failed"; problem: Problem } | { kind: "ready"; value: T };

export const workspace = signal<Loaded<Workspace>>({ kind: "loading" });
export const filter = signal<Filter>(NO_FILTER);
export const hidden = signal<ReadonlySet<number>>(new Set());
export const ghosted = signal(false);
/** What stepped aside because it hid the element that somebody went to. */
export const aside = signal<ReadonlySet<number>>(new Set());
export const shows = signal({ model: true, edges: true, scan: false });
export const ramp = signal({ rangeMm: 30, toleranceMm: 10 });
/** Height of the horizontal cut in metres of the scene's frame; null for none. */
export const cut = signal<number | null>(null);

export const colourBy = computed<ColourBy>(() => {
  const asked = place.value.colour;
  return asked === "status" || asked === "ncr" || asked === "ifcClass" || asked === "storey" ? asked : "verdict";
});

export const selected = computed<ElementRow | null>(() => {
  if (workspace.value.kind !== "ready") return null;
  const { table } = workspace.value.value;
  const id = table.byGlobalId.get(place.value.element);
  return id === undefined ? null : (table.rows[id] ?? null);
});

export const filtered = computed<readonly ElementRow[]>(() => {
  if (workspace.value.kind !== "ready") return [];
  const asked = filter.value;
  return workspace.value.value.table.rows.filter((row) => matches(row, asked));
});

export const isFiltered = computed(() => JSON.stringify(filter.value) !== JSON.stringify(NO_FILTER));

/** What was stated beside verdicts since the workspace was loaded. */
export const restated = signal<ReadonlyMap<string, string | null>>(new Map());

/** What a person states beside the verdict of a row, null where nobody does. */
export function statedOf(row: ElementRow): string | null {
  const now = restated.value.get(row.globalId);
  return now === undefined ? (row.stated ?? null) : now;
}

export function select(globalId: string): void {
  go({ element: globalId });
}

export function hide(id: number): void {
  hidden.value = new Set([...hidden.value, id]);
}

/** Counts what was asked to be opened: only the last one is shown, whichever comes first. */
let opened = 0;
let begun: { what: string; loading: Promise<Workspace> } | null = null;

/** Begin to load what `open` will soon be asked for, with the same arguments. */
export function openAhead(...asked: [project: string, epoch: string, check: string]): void {
  const mine = { what: asked.join("\n"), loading: loaded(...asked) };
  begun = mine;
  mine.loading.catch(() => {
    if (begun === mine) begun = null; // whoever opens it asks anew, and is told
  });
}

/** Load what a project shows after one scan; the newest that was checked when none is named. */
export async function open(project: string, epoch: string, check = ""): Promise<void> {
  opened += 1;
  const mine = opened;
  workspace.value = { kind: "loading" };
  hidden.value = new Set();
  aside.value = new Set();
  restated.value = new Map();
  const ahead = begun?.what === [project, epoch, check].join("\n") ? begun.loading : null;
  begun = null;
  try {
    const value = await (ahead ?? loaded(project, epoch, check));
    if (mine === opened) workspace.value = { kind: "ready", value };
  } catch (error) {
    if (mine !== opened) return;
    const problem = error instanceof Problem ? error : new Problem(0, "offline", String(error));
    workspace.value = { kind: "failed", problem };
  }
}

async function loaded(id: string, epoch: string, named: string): Promise<Workspace> {
  const at = `/projects/${id}`;
  const [project, scans, checks, models] = await Promise.all([
    get<Schemas["ProjectOut"]>(at),
    list<Schemas["ScanOut"]>(`${at}/scans`),
    list<Schemas["CheckOut"]>(`${at}/checks`),
    list<Schemas["ModelOut"]>(`${at}/models`),
  ]);
  scans.sort((one, other) => other.captured_at.localeCompare(one.captured_at));
  const counting = new Map(checks.filter((check) => check.counts).map((check) => [check.epoch, check]));
  const scan = scans.find((one) => one.id === epoch) ?? scans.find((one) => counting.has(one.id)) ?? scans[0] ?? null;
  const mine = checks.filter((one) => one.epoch === scan?.id).sort((a, b) => b.started_at.localeCompare(a.started_at));
  const asked = mine.find((one) => one.id === named);
  const isSound = asked?.registration.status === "accepted";
  const check = isSound ? asked : scan ? (counting.get(scan.id) ?? null) : null;
  const newest = asked ?? mine[0];
  const refused = !check && newest?.registration.status === "refused" ? newest : null;
  const model = models.find((one) => one.id === (check ?? refused)?.revision) ?? models.at(-1);
  if (!model) throw new Problem(404, "no-model", "");
  const files = `${at}/models/${model.id}/scene/`;
  if (model.has_scene) void modelAhead(`${ROOT}${files}`);
  const [scene, known] = await Promise.all([
    model.has_scene ? get<SceneElements>(`${files}elements.json`) : null,
    scan && check ? knownOf(at, check.id) : new Map<string, Known>(),
  ]);
  return {
    project,
    model,
    scans,
    scan,
    check,
    refused,
    scene,
    table: joined(scene ?? NOTHING, known),
  };
}

/** Ask for what the stage will draw first; which storeys of a model in parts that is, is not known here. */
async function modelAhead(files: string): Promise<void> {
  try {
    const index: { parts: { uri: string }[] } = await (await readAhead(`${files}model.json`)).json();
    const [only, ...others] = index.parts;
    if (only && others.length === 0) await fetchAhead(files + only.uri);
  } catch {
    // told when the stage asks for it
  }
}

const NOTHING: SceneElements = {
  schema: "", count: 0, origin_m: [0, 0, 0], global_id: [], name: [], ifc_class: { values: [], index: [] },
  type_name: { values: [], index: [] }, storey: { values: [], index: [] }, materials: { values: [], index: [] },
  part: [], triangles: [], clear: [],
  box_mm: { min_x: [], min_y: [], min_z: [], max_x: [], max_y: [], max_z: [] },
}; // biome-ignore format: a value of nothing

async function knownOf(at: string, check: string): Promise<Map<string, Known>> {
  return knownFrom(await get<Columns>(`${at}/element-columns?check=${check}`));
}

export function detailOf(project: string, globalId: string, check: string | undefined, signal: AbortSignal) {
  const which = check ? `?check=${check}` : "";
  return get<Schemas["ElementDetail"]>(`/projects/${project}/elements/${encodeURIComponent(globalId)}${which}`, signal);
}

export function changePassword(current: string, fresh: string): Promise<void> {
  return ask("PUT", "/auth/password", { body: { current, new: fresh } });
}
