/** What people change, on its way to the server: kept on the device first, sent in order, done once.
 *
 * Every change has a key that the server knows again (`Idempotency-Key`): sent twice, because an answer was lost or two
 * tabs are open, it is still one change. A change belongs to whoever made it and is sent under no other name.
 */
import { signal } from "@preact/signals";
import { ask, get, Problem, type Schemas, session, signedOut } from "./client";
import { onReturn } from "./connection";
import { digestOf } from "./digest";
import { forget, read, readAll, revise, write, writeNew } from "./kept";
import { unsent } from "./unsent";

export type ChangeKind =
  | "comment"
  | "raise"
  | "confirm"
  | "dismiss"
  | "attach"
  | "start"
  | "instruments"
  | "answer"
  | "other";

export interface Change {
  /** Makes it one change, however often it is sent. */
  key: string;
  project: string;
  kind: ChangeKind;
  /** What the person wrote: shown until it is sent. */
  text: string;
  /** The record or element that it is about; what follows a change that was refused waits if it is about the same. */
  about: string;
  method: "POST" | "PUT" | "PATCH";
  path: string;
  body: unknown;
  /** Version of the record that was changed, and where to read the present one. */
  version?: number;
  versionAt?: string;
  /** One of several changes of a record that follow each other: each goes on from the version that the one before left. */
  chained?: boolean;
  /** Key of a change whose answer names the record that this one is about; `{id}` in path and body stands for it. */
  after?: string;
  /** Name of the draft that this is made of: it is no draft any more once the change is kept. */
  draft?: string;
  /** A file to bring in first; `{sha256}` in the body stands for its digest. */
  file?: ToBring;
  /** Several files; `{sha256.0}`, `{sha256.1}` ... stand for their digests. */
  files?: readonly ToBring[];
}

export interface ToBring {
  content: Blob;
  name: string;
  type: string;
}

export interface Refusal {
  status: number;
  kind: string;
  detail: string;
  chinese?: string;
}

export interface Entry extends Change {
  user: string;
  /** When it was made, milliseconds: the order in which changes are sent. */
  at: number;
  state: "waiting" | "sending" | "failed";
  /** How often the server answered that it could not, though nothing is wrong with the change. */
  tries: number;
  /** When it was sent first and may have arrived; null while it cannot have. */
  sentAt: number | null;
  refusal: Refusal | null;
}

/** The server knows a key for 30 days (`ANSWERS_KEPT`); after that nobody can tell whether a change was made. */
const SURE_FOR_MS = 28 * 86_400_000;
const MOST_TRIES = 10;

export type Fate = "later" | "sign-in" | "refused";

/** Return what becomes of a change that was not taken. */
export function fateOf(problem: Refusal, tries: number): Fate {
  const { status, kind } = problem;
  if (status === 401) return kind === "wrong-password" ? "refused" : "sign-in";
  if (status === 0 || (status >= 502 && status <= 504)) return "later";
  const passing = status >= 500 || status === 408 || status === 429;
  const mine = kind === "csrf" || kind === "idempotency-key-in-use";
  return (passing || mine) && tries < MOST_TRIES ? "later" : "refused";
}

/** Return the change that is sent next: the oldest that waits for no other and does not follow one that was refused. */
export function nextOf(entries: readonly Entry[]): Entry | undefined {
  const held = new Set<string>();
  for (const one of inOrder(entries)) {
    if (one.state !== "failed" && one.after === undefined && !held.has(one.about)) return one;
    held.add(one.about);
  }
  return undefined;
}

export function inOrder(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((one, other) => one.at - other.at || one.key.localeCompare(other.key));
}

/** Put what is known by now into a change that had to wait for it. */
export function filledIn<T>(value: T, name: string, known: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(`{${name}}`, known));
}

/** What waits for the person who is signed in. */
export const outbox = signal<readonly Entry[]>([]);
/** Counts what was taken by the server: panels that show records read them again. */
export const delivered = signal(0);

const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("qtems.outbox") : null;

async function show(): Promise<void> {
  const me = session.value?.user.id;
  const all = me ? await readAll<Entry>("outbox").catch(() => []) : [];
  outbox.value = inOrder(all.filter((one) => one.user === me));
}

async function changed(taken = false): Promise<void> {
  await show();
  tabs?.postMessage(taken ? "taken" : "changed");
  if (taken) delivered.value += 1;
}

/** How many changes wait on this device for whoever is signed in. */
export async function waiting(): Promise<number> {
  await show();
  return outbox.value.length;
}

/** Keep a change and send it; what the server refuses is thrown, with nothing left behind.
 *
 * What goes `along` is kept with it and sent after it. Returns "waiting" when there is no connection (or the server takes long): it goes out by itself later.
 */
export async function submit(change: Change, ...along: Change[]): Promise<"sent" | "waiting"> {
  const me = session.value?.user.id;
  if (!me) throw new Problem(401, "not-identified", "");
  const fresh = { user: me, at: Date.now(), state: "waiting", tries: 0, sentAt: null, refusal: null } as const;
  await writeNew("outbox", { ...fresh, ...change } satisfies Entry);
  for (const [n, one] of along.entries())
    await writeNew("outbox", { ...fresh, ...one, at: fresh.at + n + 1 } satisfies Entry);
  const { draft } = change;
  const typed = draft ? unsent.read(draft) : "";
  if (draft) unsent.keep(draft, "");
  await changed();
  await Promise.race([flush(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  const left = await read<Entry>("outbox", change.key);
  if (!left) return "sent";
  if (left.state !== "failed" || !left.refusal) return "waiting";
  if (draft) unsent.keep(draft, typed);
  await discard(left.key);
  const { status, kind, detail, chinese } = left.refusal;
  throw new Problem(status, kind, detail, [], chinese);
}

/** How long a form waits for the answer before it says that the change is under way. */
const PATIENCE_MS = 6000;
/** How long one request may take; files get a second more for every 50 kB. */
const LONGEST_MS = 40_000;
const PIECE = 2 << 20;
/** How long the question for whom the server takes us may take: a connection that hangs must not hold all that waits. */
const SHORT_MS = 10_000;

let again: ReturnType<typeof setTimeout> | undefined;
let pause = 5000;

/** Send what waits, in order, one tab at a time. */
export async function flush(): Promise<void> {
  clearTimeout(again);
  await alone(async () => {
    const mine = session.value?.user.id;
    if (!mine) return;
    const all = async () => (await readAll<Entry>("outbox")).filter((one) => one.user === mine);
    let next = nextOf(await all());
    if (!next || !(await isStill(mine))) return;
    while (next) {
      if (!(await sent(next))) return void wait();
      pause = 5000;
      next = nextOf(await all());
    }
  }).catch(() => wait());
  await show();
}

function wait(): void {
  if (!outbox.value.some((one) => one.state !== "failed")) return;
  again = setTimeout(() => void flush(), pause);
  pause = Math.min(2 * pause, 120_000);
}

/** Ask the server for whom it takes us: cookies are shared with other tabs, and those may have changed. */
async function isStill(user: string): Promise<boolean> {
  try {
    const me = await get<Schemas["MeOut"]>("/auth/me", AbortSignal.timeout(SHORT_MS));
    if (me.user.id !== user) return false;
    if (me.csrf_token !== session.value?.csrf_token) session.value = me;
    return true;
  } catch {
    wait();
    return false;
  }
}

/** Send one change; false when there is no use in sending the others now. */
async function sent(entry: Entry): Promise<boolean> {
  const now = Date.now();
  if (entry.sentAt !== null && now - entry.sentAt > SURE_FOR_MS) {
    await fail(entry, { status: 0, kind: "too-old", detail: "" });
    return true;
  }
  const going: Entry = { ...entry, state: "sending", sentAt: entry.sentAt ?? now };
  if (!(await revise<Entry>("outbox", entry.key, () => going))) return true; // given up meanwhile
  await changed();
  try {
    const answer = await deliver(going);
    await follow(going, answer);
    await forget("outbox", entry.key);
    await changed(true);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const refusal = { status: error.status, kind: error.kind, detail: error.message, chinese: error.chinese };
    const fate = fateOf(refusal, entry.tries);
    if (fate === "refused") {
      await fail(going, refusal);
      return true;
    }
    if (fate === "sign-in") signedOut.value = true;
    const counted = error.status === 0 ? entry.tries : entry.tries + 1;
    await revise<Entry>("outbox", entry.key, () => ({ ...going, state: "waiting", tries: counted }));
    await changed();
    return false;
  }
}

async function fail(entry: Entry, refusal: Refusal): Promise<void> {
  await revise<Entry>("outbox", entry.key, () => ({ ...entry, state: "failed", refusal }));
  await changed();
}

async function deliver(entry: Entry): Promise<unknown> {
  const { method, path, key, version } = entry;
  const digest = entry.file ? await brought(entry, entry.file, "file") : "";
  let body = digest ? filledIn(entry.body, "sha256", digest) : entry.body;
  for (const [n, file] of (entry.files ?? []).entries())
    body = filledIn(body, `sha256.${n}`, await brought(entry, file, `file.${n}`));
  const limit = AbortSignal.timeout(LONGEST_MS);
  return timed(ask(method, path, { body, key, signal: limit, ...(version === undefined ? {} : { version }) }));
}

/** An answer that did not come in time is one that was lost. */
async function timed<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DOMException) throw new Problem(0, "offline", error.message);
    throw error;
  }
}

/** Bring a file in (uploads go on where they broke off) and return its digest. */
async function brought(entry: Entry, file: ToBring, as: string): Promise<string> {
  const { content } = file;
  const digest = await digestOf(content);
  const all = `/projects/${entry.project}/uploads`;
  const limit = LONGEST_MS + PIECE / 50;
  const signal = () => AbortSignal.timeout(limit);
  const announced = { name: file.name, size: content.size, sha256: digest, media_type: file.type };
  const { id } = await timed(
    ask<{ id: string }>("POST", all, { body: announced, key: `${entry.key}.${as}`, signal: signal() }),
  );
  let { received } = await timed(get<{ received: number }>(`${all}/${id}`));
  while (received < content.size) {
    const bytes = await content.slice(received, received + PIECE).arrayBuffer();
    const piece = { bytes, offset: received, signal: signal() };
    ({ received } = await timed(ask<{ received: number }>("PATCH", `${all}/${id}`, piece)));
  }
  await timed(ask("POST", `${all}/${id}/finish`, { signal: signal() }));
  return digest;
}

/** Let what waited for this change be about the record that came of it. */
async function follow(entry: Entry, answer: unknown): Promise<void> {
  const version = (answer as { version?: number } | undefined)?.version;
  if (entry.chained && version !== undefined) await goOnFrom(entry.about, version, entry.key);
  const id =
    (answer as { id?: string; record?: { id?: string } } | undefined)?.record?.id ?? (answer as { id?: string })?.id;
  if (!id) return;
  for (const one of await readAll<Entry>("outbox")) {
    if (one.after !== entry.key) continue;
    const { after: _, ...rest } = one;
    await write("outbox", { ...rest, path: filledIn(one.path, "id", id), body: filledIn(one.body, "id", id) });
  }
}

/** Let the chained changes of a record go on from a version of it. */
async function goOnFrom(about: string, version: number, but = ""): Promise<void> {
  for (const one of await readAll<Entry>("outbox"))
    if (one.chained && one.about === about && one.key !== but)
      await revise<Entry>("outbox", one.key, (now) => ({ ...now, version }));
}

/** Put the changes of a record that was changed by somebody else on its present version, and send them.
 *
 * `fitted` may turn a change into what fits by now, or into null where it is not needed any more.
 */
export async function sendOnTop(about: string, version: number, fitted: (one: Entry) => Entry | null): Promise<void> {
  for (const one of await readAll<Entry>("outbox")) {
    if (!one.chained || one.about !== about || one.user !== session.value?.user.id) continue;
    const next = fitted(one);
    const overtaken = one.state === "failed" && one.refusal?.status === 412;
    if (!next) await forget("outbox", one.key);
    else if (overtaken)
      await revise<Entry>("outbox", one.key, () => ({
        ...next,
        version,
        state: "waiting",
        tries: 0,
        sentAt: null,
        refusal: null,
      }));
    else await revise<Entry>("outbox", one.key, () => ({ ...next, version }));
  }
  await changed();
  await flush();
}

/** Send a change that was refused once more, on the present version of its record. */
export async function tryAgain(entry: Entry): Promise<void> {
  const { versionAt } = entry;
  const version = versionAt
    ? (await ask<{ version: number }>("GET", versionAt, { fresh: true })).version
    : entry.version;
  const fresh: Entry = { ...entry, state: "waiting", tries: 0, sentAt: null, refusal: null };
  await write("outbox", version === undefined ? fresh : { ...fresh, version });
  await changed();
  await flush();
}

/** Give a change up, and what would have followed it. */
export async function discard(key: string): Promise<void> {
  await forget("outbox", key);
  for (const one of await readAll<Entry>("outbox")) if (one.after === key) await forget("outbox", one.key);
  await changed();
}

/** Run one at a time over all tabs; where the browser cannot, the server's keys have to do. */
async function alone(work: () => Promise<void>): Promise<void> {
  if ("locks" in navigator) await navigator.locks.request("qtems.outbox", work);
  else await work();
}

/** Send what waits whenever there is a chance; call once. */
export function watchOutbox(): void {
  session.subscribe((me) => {
    void show().then(() => {
      if (me?.csrf_token && outbox.value.length > 0) void flush();
    });
  });
  onReturn(() => void flush());
  tabs?.addEventListener("message", (event) => {
    void show();
    if (event.data === "taken") delivered.value += 1;
  });
  document.addEventListener("visibilitychange", () => !document.hidden && outbox.value.length > 0 && void flush());
}
