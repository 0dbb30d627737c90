/** The server over HTTP: one way in, one kind of error. */
import { signal } from "@preact/signals";
import type { components } from "./api";
import { fetched } from "./source";

export type Schemas = components["schemas"];
export const ROOT = "/api/v1";

/** An answer that was not given: RFC 9457, or no answer at all (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string;
  readonly missing: readonly string[];

  constructor(status: number, kind: string, detail: string, missing: readonly string[] = []) {
    super(detail);
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
  /** Version of the record that is changed: sent as If-Match. */
  version?: number;
  /** Makes a repeated POST harmless. */
  key?: string;
  signal?: AbortSignal;
}

export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  const answer = await send(method, path, asked);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>("GET", path, signal ? { signal } : {});
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
  if (asked.version !== undefined) headers["If-Match"] = `"${asked.version}"`;
  if (asked.key) headers["Idempotency-Key"] = asked.key;
  const token = session.value?.csrf_token;
  if (method !== "GET" && token) headers["X-CSRF-Token"] = token;
  const request: RequestInit = { method, headers };
  if (asked.body !== undefined) request.body = JSON.stringify(asked.body);
  if (asked.signal) request.signal = asked.signal;
  let answer: Response;
  try {
    answer = await fetched(ROOT + path, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "offline", String(error));
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 401 && path !== "/auth/sign-in") signedOut.value = true;
  const kind = String(told.type ?? "").replace("urn:qtems:problem:", "");
  throw new Problem(answer.status, kind, String(told.detail ?? told.title ?? answer.statusText), told.missing ?? []);
}

/** Find out who is signed in; null for nobody. */
export async function whoAmI(): Promise<Schemas["MeOut"] | null> {
  try {
    session.value = await get<Schemas["MeOut"]>("/auth/me");
    signedOut.value = false;
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    session.value = null;
    signedOut.value = true;
  }
  return session.value;
}

export async function signIn(login: string, password: string): Promise<void> {
  await ask("POST", "/auth/sign-in", { body: { login, password } });
  await whoAmI();
}

export async function signOut(): Promise<void> {
  await ask("POST", "/auth/sign-out");
  session.value = null;
  signedOut.value = true;
}
