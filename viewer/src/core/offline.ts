/** Keep a project on the device: everything that its view and its records need is fetched once, through the worker. */
import { signal } from "@preact/signals";
import { get, list, Problem, ROOT, type Schemas, session } from "./client";
import { cacheName, type KeptProject, keptProjects, rememberProjects } from "./kept";
import type { Workspace } from "./state";

/** What is kept for whoever is signed in. */
export const keptNow = signal<readonly KeptProject[]>([]);
/** How far keeping is: 0 to 1; null while nothing is being kept. */
export const keeping = signal<number | null>(null);

export function canKeep(): boolean {
  return "serviceWorker" in navigator && "caches" in globalThis && navigator.serviceWorker.controller !== null;
}

export async function lookAtKept(): Promise<void> {
  const me = session.value?.user.id;
  const named = me && "caches" in globalThis ? await keptProjects(me).catch(() => []) : [];
  const there = await Promise.all(named.map((one) => caches.has(cacheName(me ?? "", one.id))));
  keptNow.value = named.filter((_, n) => there[n]);
}

interface Part {
  uri: string;
  bytes?: number;
}

interface TileNode {
  content?: { uri: string };
  children?: TileNode[];
}

export interface Plan {
  /** Addresses of what never changes. */
  fixed: string[];
  /** What that is about, bytes. */
  bytes: number;
}

/** About what a point takes in a tile, compressed. */
const BYTES_PER_POINT = 7;
/** Elements whose details are kept beside those of the table: what is out of tolerance is looked at on site. */
const MOST_DETAILS = 400;

/** Find out what there is to keep, and about how much that is. */
export async function planOf(work: Workspace): Promise<Plan> {
  const fixed: string[] = [];
  let bytes = 0;
  if (work.scene) {
    const scene = `${ROOT}/projects/${work.project.id}/models/${work.model.id}/scene/`;
    fixed.push(`${scene}elements.json`);
    for (const name of ["model.json", "edges.json"]) {
      const index = await json<{ parts: Part[] }>(scene + name).catch(() => ({ parts: [] }));
      fixed.push(scene + name, ...index.parts.map((part) => scene + part.uri));
      bytes += index.parts.reduce((sum, part) => sum + (part.bytes ?? 0), 0);
    }
  }
  if (work.check?.has_scene) {
    const scene = `${ROOT}/projects/${work.project.id}/checks/${work.check.id}/scene/`;
    const tileset = await json<{ root: TileNode; extras?: { points?: number } }>(`${scene}tileset.json`);
    fixed.push(`${scene}tileset.json`, ...tilesOf(tileset.root).map((uri) => scene + uri));
    bytes += BYTES_PER_POINT * (tileset.extras?.points ?? 0);
  }
  return { fixed, bytes };
}

/** Return the addresses of all tiles below one, itself included. */
export function tilesOf(tile: TileNode): string[] {
  return [...(tile.content ? [tile.content.uri] : []), ...(tile.children ?? []).flatMap(tilesOf)];
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Problem(answer.status, "", answer.statusText);
  return answer.json();
}

/** Fetch everything that a project needs; rejects, with nothing remembered, when something did not come. */
export async function keep(work: Workspace, plan: Plan, signal: AbortSignal): Promise<void> {
  const user = session.value?.user.id;
  if (!user) return;
  const { id, name } = work.project;
  const before = await keptProjects(user);
  keeping.value = 0;
  try {
    // remembered first: only of kept projects the worker keeps what is large
    await rememberProjects(user, [...before.filter((one) => one.id !== id), { id, name, at: Date.now(), bytes: 0 }]);
    void navigator.storage?.persist?.();
    const details = await recordsOf(work);
    const total = plan.fixed.length + details.length;
    let done = 0;
    const step = () => {
      done += 1;
      keeping.value = done / Math.max(1, total);
    };
    await each(plan.fixed, signal, async (url) => {
      const answer = await fetch(url, { signal });
      if (!answer.ok) throw new Problem(answer.status, "", answer.statusText);
      await answer.arrayBuffer();
      step();
    });
    await each(details, signal, async (path) => {
      await get(path, signal);
      step();
    });
    await missingOf(user, id, plan.fixed);
    const bytes = await sizeOf(user, id);
    await rememberProjects(user, [...before.filter((one) => one.id !== id), { id, name, at: Date.now(), bytes }]);
  } catch (error) {
    await rememberProjects(user, before);
    throw error;
  } finally {
    keeping.value = null;
    await lookAtKept();
  }
}

/** Read the lists of a project as the view reads them, and return the paths of the records to read one by one. */
async function recordsOf(work: Workspace): Promise<string[]> {
  const at = `/projects/${work.project.id}`;
  await list("/projects");
  await get(at);
  await Promise.all([list(`${at}/scans`), list(`${at}/checks`), list(`${at}/models`)]);
  const which = work.check ? `?check=${work.check.id}` : "";
  if (work.check) await get(`${at}/element-columns${which}`);
  const ncrs = await list<Schemas["NcrLine"]>(`${at}/ncrs`);
  const inspections = await list<Schemas["InspectionLine"]>(`${at}/inspections`);
  await Promise.all([list(`${at}/executions`), list(`${at}/members`).catch(() => [])]);
  const wanted = work.table.rows.filter((row) => row.verdict === "fail" || row.verdict === "indeterminate" || row.ncr);
  const one = (row: { globalId: string }) => {
    const about = `global_id=${encodeURIComponent(row.globalId)}&limit=200`;
    return [
      `${at}/elements/${encodeURIComponent(row.globalId)}${which}`,
      `${at}/findings?${about}`,
      `${at}/ncrs?${about}`,
      `${at}/inspections?${about}`,
    ];
  };
  const beside = (ncr: { id: string }) => [
    `${at}/ncrs/${ncr.id}`,
    `${at}/comments?subject=${encodeURIComponent(`ncr:${ncr.id}`)}&limit=200`,
  ];
  return [
    ...(work.check ? wanted.slice(0, MOST_DETAILS).flatMap(one) : []),
    ...ncrs.slice(0, MOST_DETAILS).flatMap(beside),
    ...inspections
      .filter((one) => one.state === "planned" || one.state === "in_progress")
      .slice(0, MOST_DETAILS)
      .map((one) => `${at}/inspections/${one.id}`),
  ];
}

/** Work on a few at a time: sites have thin lines. */
async function each<T>(all: readonly T[], signal: AbortSignal, work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all];
  const worker = async () => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
      signal.throwIfAborted();
      await work(one);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

/** Refuse to call a project kept when a part of it is not on the device: there was no room for it. */
async function missingOf(user: string, project: string, urls: readonly string[]): Promise<void> {
  const cache = await caches.open(cacheName(user, project));
  const there = new Set((await cache.keys()).map((request) => request.url));
  if (urls.some((url) => !there.has(new URL(url, location.href).href))) throw new Problem(507, "no-room", "");
}

async function sizeOf(user: string, project: string): Promise<number> {
  const cache = await caches.open(cacheName(user, project));
  let bytes = 0;
  for (const request of await cache.keys()) bytes += (await (await cache.match(request))?.blob())?.size ?? 0;
  return bytes;
}

export async function unkeep(project: string): Promise<void> {
  const user = session.value?.user.id;
  if (!user) return;
  await rememberProjects(
    user,
    (await keptProjects(user)).filter((one) => one.id !== project),
  );
  await caches.delete(cacheName(user, project));
  await lookAtKept();
}

/** Return how much this site may keep and keeps, bytes; null where the browser does not say. */
export async function room(): Promise<{ used: number; most: number } | null> {
  const told = await navigator.storage?.estimate?.();
  return told?.quota ? { used: told.usage ?? 0, most: told.quota } : null;
}

export function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return `${value < 10 ? Math.max(0.1, value).toFixed(1) : Math.round(value)} MB`;
}
