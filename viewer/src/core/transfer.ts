/** A large file on its way in: hashed and sent piece by piece, going on after a break, a reload or a new sign-in. */
import { ask, Problem, type Schemas, signedOut } from "./client";
import { digestOf } from "./digest";
import { newKey } from "./keys";
import { unsent } from "./unsent";

type Upload = Schemas["UploadOut"];
export type Phase = "reading" | "sending" | "waiting";
export type Told = (phase: Phase, share: number) => void;

const PIECE = 8 << 20;
const LONGEST_WAIT_MS = 15_000;

/** Bring a file in; gives the identifier of the finished upload. */
export async function transfer(project: string, file: File, told: Told, signal: AbortSignal): Promise<string> {
  const digest = await digestOf(file, (share) => told("reading", share), signal);
  const kept = `upload.${project}.${digest}`;
  const lasting = <T>(work: () => Promise<T>) => lastingly(work, () => told("waiting", share), signal);
  let share = 0;
  const before = unsent.read(kept);
  const known = before ? await lasting(() => lookUp(project, before, signal)) : null;
  const key = newKey();
  const begun = known ?? (await lasting(() => announce(project, file, digest, key, signal)));
  unsent.keep(kept, begun.id);
  const at = `/projects/${project}/uploads/${begun.id}`;
  try {
    let { received } = begun;
    while (received < file.size) {
      share = received / file.size;
      told("sending", share);
      received = await lasting(() => sent(at, file, received, signal)).catch(async (error) => {
        if (!(error instanceof Problem) || error.status !== 409) throw error;
        return (await lasting(() => look(at, signal))).received; // more, or less, is there than we know
      });
    }
    told("sending", 1);
    await lasting(() => ask<Upload>("POST", `${at}/finish`, { signal }));
  } catch (error) {
    const isOver = signal.aborted || (error instanceof Problem && error.status >= 400);
    if (isOver) unsent.keep(kept, "");
    if (signal.aborted) void ask("DELETE", at).catch(() => undefined); // it expires by itself, too
    throw error;
  }
  unsent.keep(kept, "");
  return begun.id;
}

function announce(project: string, file: File, digest: string, key: string, signal: AbortSignal): Promise<Upload> {
  const body = { name: file.name, size: file.size, sha256: digest };
  return ask("POST", `/projects/${project}/uploads`, { body, key, signal });
}

const look = (at: string, signal: AbortSignal): Promise<Upload> => ask("GET", at, { signal, fresh: true });

/** An upload that was begun before; null where the server knows it no more. */
async function lookUp(project: string, id: string, signal: AbortSignal): Promise<Upload | null> {
  try {
    return await look(`/projects/${project}/uploads/${id}`, signal);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** Send the next piece; after a break, first ask how much of it arrived. Gives how many bytes are there. */
async function sent(at: string, file: File, from: number, signal: AbortSignal): Promise<number> {
  const bytes = await file.slice(from, from + PIECE).arrayBuffer();
  return (await ask<Upload>("PATCH", at, { bytes, offset: from, signal })).received;
}

/** Do something until there is an answer: a lost line and an expired session are waited for, a refusal is none. */
export async function lastingly<T>(work: () => Promise<T>, waits: () => void, signal: AbortSignal): Promise<T> {
  for (let misses = 0; ; misses += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Problem) || !passes(error.status)) throw error;
      waits();
      if (error.status === 401) await signedIn(signal);
      else await pause(Math.min(LONGEST_WAIT_MS, 500 * 2 ** misses), signal);
    }
  }
}

export const passes = (status: number): boolean => status === 0 || status === 401 || status === 429 || status >= 502;

function signedIn(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const stop = signedOut.subscribe((out) => {
      if (out) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(over);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
