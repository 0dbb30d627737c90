/**
 * A check as a folder of files (`qtems check --report html3d`): what the server would answer, without one.
 *
 * A page from a disk may run scripts and fetch nothing, so each file is a script that calls `qtemsFile(name, base64)`
 * with its gzip; it is loaded when it is first asked for (`twin/report/html3d.py` writes them).
 */
import { ROOT, type Schemas } from "./client";
import type { Columns, Dictionary } from "./elements";
import type { Source } from "./source";

/** `check.json` of the folder (qtems.folder/1): the report without its elements. */
export interface FolderCheck {
  folder: string;
  elements_per_file: number;
  points: number;
  points_shown: number;
  tolerance: string;
  summary: { elements: number; verdicts: Record<string, number> };
  registration: { status: Schemas["RegistrationStatus"]; method: string; rmse_m: number | null; rivals: unknown[] };
  notes: string[];
  design: { format: string; length_unit_m: number };
  provenance: {
    model_sha256: string;
    model_path: string;
    scans: { path: string; sha256: string }[];
    version: string;
    seed: number;
  };
}

type FolderColumns = Omit<Columns, "ncr"> & { state: Dictionary<string> };
type FolderElement = Pick<
  Schemas["ElementDetail"],
  | "global_id" | "ifc_class" | "name" | "storey" | "verdict" | "points" | "visible_fraction" | "coverage" | "pose"
  | "deviation_mm" | "measurements" | "reasons" | "visibility"
> & { state: Schemas["ElementDetail"]["presence"]; picture?: string }; // biome-ignore format: a list of names

/** The one project, model, scan and check that a folder has. */
export const ONLY = { project: "report", model: "model", scan: "scan", check: "check" } as const;
const WHEN = "1980-01-01T00:00:00Z"; // a report has no clock; the folder shows no times
const RECORD = { version: 1, created_at: WHEN, changed_at: WHEN };

export type Loader = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

const waiting = new Map<string, (text: string) => void>();

/** Load a file of the folder by the script that holds it. */
export function byScript(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise<string>((resolve, reject) => {
    const script = document.createElement("script");
    waiting.set(name, resolve);
    script.src = `data/${name}.js`;
    script.onload = () => script.remove();
    script.onerror = () => {
      waiting.delete(name);
      script.remove();
      reject(new Error(`${name} is not in the folder`));
    };
    document.head.append(script);
  }).then((text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0)));
}

/** Let the scripts of the folder say what they hold; call once. */
export function listen(): void {
  const receive = (name: string, text: string) => {
    waiting.get(name)?.(text);
    waiting.delete(name);
  };
  (globalThis as unknown as { qtemsFile: typeof receive }).qtemsFile = receive;
}

async function unpacked(packed: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).arrayBuffer();
}

/** Return a source that answers from the folder's files; what it does not have is not found. */
export function folderSource(load: Loader): Source {
  const bytes = async (name: string) => unpacked(await load(name));
  const kept = new Map<string, Promise<unknown>>();
  const json = <T>(name: string): Promise<T> => {
    const known = kept.get(name) ?? bytes(name).then((one) => JSON.parse(new TextDecoder().decode(one)));
    kept.set(name, known);
    return known as Promise<T>;
  };
  return {
    kind: "folder",
    async fetch(url) {
      const path = decodeURIComponent(url.slice(url.indexOf(ROOT) + ROOT.length)).split("?")[0] ?? "";
      const [, of = "", file = ""] = /^\/projects\/[^/]+\/(models|checks)\/[^/]+\/scene\/([\w./-]+)$/.exec(path) ?? [];
      try {
        if (file) return new Response(await bytes(`${of === "models" ? "model" : "check"}/${file}`));
        const told = await answer(path.replace(/^\/projects\/[^/]+/, ""), json);
        return told === undefined ? missing(path) : Response.json(told);
      } catch (error) {
        return missing(String(error));
      }
    },
  };
}

function missing(what: string): Response {
  return Response.json({ type: "urn:qtems:problem:not-found", title: "Not Found", detail: what }, { status: 404 });
}

async function answer(path: string, json: <T>(name: string) => Promise<T>): Promise<unknown> {
  const check = await json<FolderCheck>("check.json");
  const listed = <T>(item: T) => ({ items: [item], next: null });
  if (path === "") return project(check);
  if (path === "/folder") return check;
  if (path === "/models") return listed(model(check));
  if (path === "/scans") return listed(scan(check));
  if (path === "/checks") return listed(checkOut(check));
  const columns = await json<FolderColumns>("columns.json");
  if (path === "/element-columns") {
    return { ...columns, ncr: { values: [null], index: columns.global_id.map(() => 0) } } satisfies Columns;
  }
  const [, element = ""] = /^\/elements\/([^/]+)$/.exec(path) ?? [];
  const place = columns.global_id.indexOf(element);
  if (place < 0) return undefined;
  const size = check.elements_per_file;
  const told = (await json<FolderElement[]>(`elements/${Math.floor(place / size)}.json`))[place % size];
  return told && detail(told, columns.status.values[columns.status.index[place] ?? 0] ?? "planned");
}

/** Return the last part of a path, as people call a file. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function project({ provenance }: FolderCheck): Schemas["ProjectOut"] {
  const name = fileName(provenance.model_path);
  return { ...RECORD, id: ONLY.project, organisation: "", key: "", name, language: "en" };
}

function model({ provenance, design }: FolderCheck): Schemas["ModelOut"] {
  return {
    ...RECORD, id: ONLY.model, project: ONLY.project, number: 1, file_name: fileName(provenance.model_path),
    sha256: provenance.model_sha256, format: design.format, metres_per_unit: String(design.length_unit_m),
    imported_at: WHEN, map_conversion: null, previous: null, changes: null, has_scene: true,
  }; // biome-ignore format: one record
}

function scan({ provenance }: FolderCheck): Schemas["ScanOut"] {
  const name = provenance.scans.map((one) => fileName(one.path)).join(", ");
  return {
    ...RECORD, id: ONLY.scan, project: ONLY.project, name, captured_at: WHEN, scans: [], instrument: null,
    calibrated: false, redating_reason: "", has_scene: false,
  }; // biome-ignore format: one record
}

function checkOut({ provenance, registration, tolerance }: FolderCheck): Schemas["CheckOut"] {
  return {
    ...RECORD, id: ONLY.check, project: ONLY.project, revision: ONLY.model, epoch: ONLY.scan,
    model_sha256: provenance.model_sha256, scan_sha256: provenance.scans.map((one) => one.sha256), tolerance,
    qtems: provenance.version, seed: provenance.seed, started_at: WHEN, finished_at: WHEN,
    registration: {
      status: registration.status, method: registration.method, T_design_scan: [],
      rmse_mm: registration.rmse_m === null ? null : (1000 * registration.rmse_m).toFixed(2),
      rivals: registration.rivals.length,
    },
    parameters: {}, files: [], has_scene: true, counts: true, counting_reason: "", transform_sha256: "", pictures: [],
  }; // biome-ignore format: one record
}

/** What the folder tells of an element; `picture` is the address of one beside the page, empty where there is none. */
function detail({ state, ...told }: FolderElement, status: string): Schemas["ElementDetail"] & { picture?: string } {
  return {
    ...told, state: status as Schemas["Status"], seen: "unjudged", stale: false, since: WHEN, epoch: ONLY.scan,
    captured_at: WHEN, revision: ONLY.model, check_run: ONLY.check, supported_by: ONLY.check, counts: true,
    design_change: null, override: null, presence: state, evidence: [],
  }; // biome-ignore format: one record
}
