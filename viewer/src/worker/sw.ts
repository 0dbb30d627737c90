/// <reference lib="webworker" />
/** The service worker: the installed viewer, and what the signed-in person was shown, without a connection.
 *
 * Nothing is kept for nobody, and nothing that another person was shown is given to anybody: each person has caches of
 * their own, named in IndexedDB by the page, and they go when that person signs out.
 */
import { cacheName, identity, keptProjects, purgeCaches } from "../core/kept";
import { isGone, isHeavy, KEPT_AT, projectOf, wayOf } from "./rules";

declare const self: ServiceWorkerGlobalScope;
/** Put there by the build: the files of this version and a digest of them. */
declare const BUILD: { version: string; files: string[] };

const SHELL = `qtems-shell:${BUILD.version}`;
/** How long the server may take before what is kept is shown instead, milliseconds. */
const PATIENCE = 8000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SHELL).then((cache) => cache.addAll(BUILD.files.map((url) => new Request(url, { cache: "reload" })))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("qtems-shell:") && name !== SHELL) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { method, mode, cache } = request;
  const url = new URL(request.url);
  const way = wayOf({ method, mode, cache, url, accept: request.headers.get("accept") ?? "" }, self.location.origin);
  if (way === "page") event.respondWith(installed("/", request));
  else if (way === "shell") event.respondWith(installed(url.pathname, request));
  else if (way === "fixed") event.respondWith(fixed(request, url));
  else if (way === "record") event.respondWith(record(event, request, url));
});

async function installed(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  return (await cache.match(path, { ignoreVary: true, ignoreSearch: true })) ?? fetch(request);
}

/** The cache for an address and whoever is signed in; null for nobody. */
async function cacheFor(url: URL): Promise<{ user: string; name: string } | null> {
  const known = await identity().catch(() => null);
  return known && { user: known.user.id, name: cacheName(known.user.id, projectOf(url.pathname)) };
}

async function lookUp(name: string, url: URL): Promise<Response | undefined> {
  if (!(await caches.has(name))) return undefined;
  return (await caches.open(name)).match(url.href, { ignoreVary: true });
}

async function fixed(request: Request, url: URL): Promise<Response> {
  const place = await cacheFor(url);
  const found = place && (await lookUp(place.name, url));
  if (found) return found;
  const answer = await fetch(request);
  if (place && answer.status === 200) {
    const project = projectOf(url.pathname);
    const wanted = !isHeavy(url.pathname) || (await keptProjects(place.user)).some((one) => one.id === project);
    if (wanted) await keep(place, url, answer.clone());
  }
  return answer;
}

async function record(event: FetchEvent, request: Request, url: URL): Promise<Response> {
  const place = await cacheFor(url);
  if (!place) return fetch(request);
  const heard = fetch(request).then(async (answer) => {
    if (answer.status === 200) event.waitUntil(keep(place, url, answer.clone()));
    if (isRefusal(answer.status) && url.pathname === `/api/v1/projects/${projectOf(url.pathname)}`) {
      await caches.delete(place.name); // no longer theirs to see
    }
    return answer;
  });
  event.waitUntil(heard.catch(() => undefined));
  try {
    const answer = await Promise.race([heard, late()]);
    const instead = answer === null || isGone(answer.status) ? await lookUp(place.name, url) : undefined;
    return instead ?? (await heard);
  } catch (error) {
    const instead = await lookUp(place.name, url);
    if (instead) return instead;
    throw error;
  }
}

function isRefusal(status: number): boolean {
  return status === 403 || status === 404;
}

function late(): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE));
}

/** Keep an answer with the time; when there is no room left, what nobody asked to keep goes first. */
async function keep(place: { user: string; name: string }, url: URL, answer: Response): Promise<void> {
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, new Date().toISOString());
  const body = await answer.blob();
  for (const _ of [1, 2]) {
    if ((await identity().catch(() => null))?.user.id !== place.user) return; // signed out meanwhile
    try {
      await (await caches.open(place.name)).put(url.href, new Response(body, { headers }));
      if ((await identity().catch(() => null))?.user.id !== place.user) await purgeCaches("");
      return;
    } catch {
      await makeRoom(place.user);
    }
  }
}

async function makeRoom(user: string): Promise<void> {
  const staying = new Set((await keptProjects(user)).map((one) => cacheName(user, one.id)));
  for (const name of await caches.keys()) {
    if (name.startsWith("qtems-data:") && !staying.has(name)) await caches.delete(name);
  }
}
