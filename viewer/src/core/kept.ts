/** What the device keeps in IndexedDB: who was signed in last, what is kept for offline use, and what waits to be sent.
 *
 * The page and the service worker both read it; it holds nothing that a session could be made of.
 */

const NAME = "qtems";
const VERSION = 1;
export type StoreName = "meta" | "outbox";

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("meta");
      request.result.createObjectStore("outbox", { keyPath: "key" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => {
        opened = null;
      };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  opened.catch(() => {
    opened = null;
  });
  return opened;
}

async function inside<T>(store: StoreName, mode: IDBTransactionMode, work: (in_: IDBObjectStore) => IDBRequest<T>) {
  const transaction = (await database()).transaction(store, mode);
  const request = work(transaction.objectStore(store));
  return new Promise<T>((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
    transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

export function read<T>(store: StoreName, key: string): Promise<T | undefined> {
  return inside(store, "readonly", (all) => all.get(key) as IDBRequest<T | undefined>);
}

export function readAll<T>(store: StoreName): Promise<T[]> {
  return inside(store, "readonly", (all) => all.getAll() as IDBRequest<T[]>);
}

/** Write a value; those of `outbox` bring their key along. */
export async function write(store: StoreName, value: unknown, key?: string): Promise<void> {
  await inside(store, "readwrite", (all) => all.put(value, key));
}

/** Write a value unless there is one with its key; say whether it was written. */
export async function writeNew<T extends { key: string }>(store: StoreName, value: T): Promise<boolean> {
  if (await read(store, value.key)) return false;
  await write(store, value);
  return true;
}

/** Change a value that is there, in one transaction; false where it is gone, and stays gone. */
export async function revise<T>(store: StoreName, key: string, change: (now: T) => T): Promise<boolean> {
  const transaction = (await database()).transaction(store, "readwrite");
  const all = transaction.objectStore(store);
  return new Promise((resolve, reject) => {
    let there = false;
    const asked = all.get(key);
    asked.onsuccess = () => {
      there = asked.result !== undefined;
      if (there) all.put(change(asked.result as T));
    };
    transaction.oncomplete = () => resolve(there);
    transaction.onabort = () => reject(transaction.error ?? asked.error);
    transaction.onerror = () => reject(transaction.error ?? asked.error);
  });
}

export async function forget(store: StoreName, key: string): Promise<void> {
  await inside(store, "readwrite", (all) => all.delete(key));
}

/** Who used this device last, as far as may be known without a connection. */
export interface KeptIdentity {
  user: { id: string; name: string; login: string };
  /** What `GET /auth/me` said, without what is secret. */
  me: unknown;
  /** When the server was heard last, milliseconds. */
  at: number;
}

export const IDENTITY = "identity";
/** For how long somebody may look at what is kept without the server having been heard. */
const OFFLINE_FOR_MS = 30 * 86_400_000;

export async function identity(now = Date.now()): Promise<KeptIdentity | null> {
  const found = await read<KeptIdentity>("meta", IDENTITY);
  return found && now - found.at < OFFLINE_FOR_MS ? found : null;
}

/** A project that somebody asked to be kept. */
export interface KeptProject {
  id: string;
  name: string;
  at: number;
  bytes: number;
}

export async function keptProjects(user: string): Promise<KeptProject[]> {
  return (await read<KeptProject[]>("meta", `kept.${user}`)) ?? [];
}

export async function rememberProjects(user: string, projects: readonly KeptProject[]): Promise<void> {
  await write("meta", projects, `kept.${user}`);
}

const PREFIX = "qtems-data:";

/** Name of the cache that holds what one person was shown of one project. */
export function cacheName(user: string, project: string): string {
  return `${PREFIX}${user}:${project || "-"}`;
}

/** Remove what was cached for others than `user`; for everybody when empty. */
export async function purgeCaches(user: string): Promise<void> {
  if (!("caches" in globalThis)) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && (!user || !name.startsWith(`${PREFIX}${user}:`))) await caches.delete(name);
  }
}
