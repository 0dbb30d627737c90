/** The server over HTTP: one way in, one kind of error. */
import { signal } from "@preact/signals";
import type { components } from "./api";
import { heard, unheard } from "./connection";
import { forget, IDENTITY, identity, type KeptIdentity, purgeCaches, write } from "./kept";
import { fetched } from "./source";

export type Schemas = components["schemas"];
export const ROOT = "/api/v1";

/** An answer that was not given: RFC 9457, or no answer at all (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string;
  readonly missing: readonly string[];
  /** The same in Chinese; empty where the server has none. */
  readonly chinese: string;

  /** What the server says, in English. */
  get detail(): string {
    return this.message;
  }

  constructor(status: number, kind: string, detail: string, missing: readonly string[] = [], chinese = "") {
    super(detail);
    this.chinese = chinese;
    this.status = status;
    this.kind = kind;
    this.missing = missing;
  }
}

export const session = signal<Schemas["MeOut"] | null>(null);
/** True while somebody has to sign in (again) before anything else can be done. */
export const signedOut = signal(false);

export interface Asked {
  body?: unknown;
  /** Bytes of a file instead of a body, and where in the file they begin. */
  bytes?: ArrayBuffer;
  offset?: number;
  /** Version of the record that is changed: sent as If-Match. */
  version?: number;
  /** Makes a repeated POST harmless. */
  key?: string;
  signal?: AbortSignal;
  /** Token against forged requests, where it is not that of `session`. */
  token?: string | null;
  /** Only as it is now: nothing that the device kept. */
  fresh?: boolean;
}

export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  const answer = await send(method, path, asked);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>("GET", path, signal ? { signal } : {});
}

/** Return the items of a list that comes whole, without pages. */
export async function whole<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  return (await get<{ items: T[] }>(path, signal)).items;
}

/** Return all items of a list, page by page. */
export async function list<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let next: string | null = "";
  while (next !== null) {
    const cursor = next ? `&cursor=${encodeURIComponent(next)}` : "";
    const sign = path.includes("?") ? "&" : "?";
    const page: { items: T[]; next: string | null } = await get(`${path}${sign}limit=200${cursor}`, signal);
    items.push(...page.items);
    next = page.next;
  }
  return items;
}

async function send(method: string, path: string, asked: Asked): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (asked.body !== undefined) headers["Content-Type"] = "application/json";
  if (asked.bytes) headers["Content-Type"] = "application/octet-stream";
  if (asked.offset !== undefined) headers["Upload-Offset"] = String(asked.offset);
  if (asked.version !== undefined) headers["If-Match"] = `"${asked.version}"`;
  if (asked.key) headers["Idempotency-Key"] = asked.key;
  const token = asked.token ?? session.value?.csrf_token;
  if (method !== "GET" && token) headers["X-CSRF-Token"] = token;
  const request: RequestInit = { method, headers };
  if (asked.body !== undefined) request.body = JSON.stringify(asked.body);
  if (asked.bytes) request.body = asked.bytes;
  if (asked.signal) request.signal = asked.signal;
  if (asked.fresh) request.cache = "no-store";
  let answer: Response;
  try {
    answer = await fetched(ROOT + path, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    unheard();
    throw new Problem(0, "offline", String(error));
  }
  heard(answer);
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const kind = String(told.type ?? "").replace("urn:qtems:problem:", "");
  if (answer.status === 401 && path !== "/auth/sign-in" && kind !== "wrong-password") signedOut.value = true;
  const detail = String(told.detail ?? told.title ?? answer.statusText);
  throw new Problem(answer.status, kind, detail, told.missing ?? [], String(told.detail_zh ?? ""));
}

/** Find out who is signed in; null for nobody. Without a connection: who was, on this device. */
export async function whoAmI(): Promise<Schemas["MeOut"] | null> {
  try {
    const me = await get<Schemas["MeOut"]>("/auth/me");
    if (localStorage.getItem(LEFT) === me.user.id) return await leave(me);
    await remember(me);
    session.value = me;
    signedOut.value = false;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) {
      session.value = null;
      signedOut.value = true;
      await forget("meta", IDENTITY).catch(() => undefined);
    } else {
      const known = error.status === 0 || error.status >= 502 ? await identity().catch(() => null) : null;
      if (!known) throw error;
      session.value = known.me as Schemas["MeOut"];
    }
  }
  return session.value;
}

/** Remember who may see what this device keeps, and remove what others were shown. */
async function remember(me: Schemas["MeOut"]): Promise<void> {
  const { id, name, login } = me.user;
  const known: KeptIdentity = { user: { id, name, login }, me: { ...me, csrf_token: null }, at: Date.now() };
  await purgeCaches(id).catch(() => undefined);
  await write("meta", known, IDENTITY).catch(() => undefined); // without room for it there is no use offline
}

/** Somebody who signed out without a connection; the server hears of it as soon as there is one. */
const LEFT = "qtems.left";

async function leave(me: Schemas["MeOut"]): Promise<null> {
  await ask("POST", "/auth/sign-out", { token: me.csrf_token });
  localStorage.removeItem(LEFT);
  session.value = null;
  signedOut.value = true;
  return null;
}

export async function signIn(login: string, password: string): Promise<void> {
  await forget("meta", IDENTITY).catch(() => undefined); // nothing is kept between two persons
  await ask("POST", "/auth/sign-in", { body: { login, password } });
  localStorage.removeItem(LEFT);
  await whoAmI();
  others?.postMessage("session");
}

/** Sign out here; what was kept of what one was shown goes. What waits to be sent stays, for oneself only. */
export async function signOut(): Promise<void> {
  const user = session.value?.user.id ?? "";
  await forget("meta", IDENTITY).catch(() => undefined);
  await purgeCaches("").catch(() => undefined);
  await forget("meta", `kept.${user}`).catch(() => undefined);
  try {
    const me = await get<Schemas["MeOut"]>("/auth/me"); // what is known of the session may be older
    if (me.user.id === user) await ask("POST", "/auth/sign-out", { token: me.csrf_token });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status !== 401) localStorage.setItem(LEFT, user);
  }
  session.value = null;
  signedOut.value = true;
  others?.postMessage("session");
}

/** The other tabs of this browser: they share its session. */
const others = "BroadcastChannel" in globalThis ? new BroadcastChannel("qtems.session") : null;

/** Begin anew when another tab signs somebody out or somebody else in; call once. */
export function followSession(): void {
  others?.addEventListener("message", async () => {
    const before = session.value?.user.id;
    await whoAmI().catch(() => null);
    if (session.value?.user.id !== before) location.reload();
  });
}
