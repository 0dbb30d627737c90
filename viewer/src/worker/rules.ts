/** What the service worker does with which request: pure, so that it can be tested. */

export type Way =
  /** The page itself: as installed, so that page and scripts fit together. */
  | "page"
  /** A file of the installed viewer. */
  | "shell"
  /** Never changes under its address: from the device when it is there. */
  | "fixed"
  /** May change: from the server while it answers, else as it was last. */
  | "record"
  /** None of the worker's business. */
  | "through";

export interface Asked {
  method: string;
  mode: string;
  accept: string;
  cache: string;
  url: URL;
}

const SERVERS_OWN = /^\/(api|bcf|foundation)(\/|$)/;
const FIXED =
  /^\/api\/v1\/projects\/[^/]+\/((models|checks)\/[^/]+\/scene\/.+|attachments\/[^/]+\/file|(ncrs|inspections)\/[^/]+\/files\/[^/]+)$/;
const RECORD = /^\/api\/v1\/projects(\/.*)?$/;
const SHELL = /^\/(assets\/|icons\/|icon\.svg$|manifest\.webmanifest$)/;

export function wayOf(asked: Asked, origin: string): Way {
  const { pathname } = asked.url;
  if (asked.method !== "GET" || asked.url.origin !== origin) return "through";
  if (asked.mode === "navigate") {
    return SERVERS_OWN.test(pathname) || pathname.split("/").at(-1)?.includes(".") ? "through" : "page";
  }
  if (SHELL.test(pathname)) return "shell";
  if (asked.cache === "no-store") return "through";
  if (FIXED.test(pathname)) return "fixed";
  return RECORD.test(pathname) && asked.accept.startsWith("application/json") ? "record" : "through";
}

/** The project that an address is about; empty for none. */
export function projectOf(pathname: string): string {
  return /^\/api\/v1\/projects\/([^/]+)/.exec(pathname)?.[1] ?? "";
}

/** Tiles of scans are large: only what somebody asked to keep is. */
export function isHeavy(pathname: string): boolean {
  return pathname.includes("/scene/tiles/");
}

/** No answer of the server itself: something before it says that it is not there. */
export function isGone(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** Header of an answer from the device: when the server gave it. */
export const KEPT_AT = "X-Qtems-Kept-At";
