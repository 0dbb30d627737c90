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
  return present.fetch(url, init);
}

/** Return the bytes of a file of a scene. */
export async function bytesOf(url: string): Promise<ArrayBuffer> {
  const answer = await fetched(url);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
}
