/** Where answers and files come from: the server, or the folder that a 3D report is. Nothing else calls `fetch`. */

export interface Source {
  readonly kind: "server" | "folder";
  /** As the browser's own; rejects when there is no answer at all. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

export const SERVER: Source = { kind: "server", fetch: (url, init) => fetch(url, init) };

let present: Source = SERVER;

/** Take everything from another source; call before anything is asked for. */
export function takeFrom(source: Source): void {
  present = source;
}

/** True where there is nobody to send a decision to. */
export function inFolder(): boolean {
  return present.kind === "folder";
}

export function fetched(url: string, init?: RequestInit): Promise<Response> {
  const ahead = begun.get(url);
  begun.delete(url);
  if (ahead && !init?.signal?.aborted) return ahead.catch(() => present.fetch(url, init));
  return present.fetch(url, init);
}

const begun = new Map<string, Promise<Response>>();

function begin(url: string): Promise<Response> {
  const answer = present.fetch(url);
  begun.set(url, answer);
  answer.catch(() => begun.delete(url));
  return answer;
}

/** Ask for a file that somebody will soon want: the next `fetched` of this address gets the answer. */
export async function fetchAhead(url: string): Promise<void> {
  await begin(url);
}

/** As `fetchAhead`; gives a copy of the answer. */
export async function readAhead(url: string): Promise<Response> {
  return (await begin(url)).clone();
}

/** Return the bytes of a file of a scene. */
export async function bytesOf(url: string): Promise<ArrayBuffer> {
  const answer = await fetched(url);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
}
