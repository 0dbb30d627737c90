/** Whether the server is heard, and of when what is shown is. */
import { signal } from "@preact/signals";
import { isGone, KEPT_AT } from "../worker/rules";

export const connected = signal(true);
/** When the server gave the oldest of what is shown (ISO 8601); empty while it answers itself. */
export const asOf = signal("");

const listeners = new Set<() => void>();

/** Call something whenever the server is heard again. */
export function onReturn(again: () => void): () => void {
  listeners.add(again);
  return () => listeners.delete(again);
}

const AHEAD = "qtems.clock";

/** The time as the server has it, as far as it is known: never after it, since what is yet to be is refused. */
export function serverNow(): Date {
  return new Date(Date.now() + Number(localStorage.getItem(AHEAD) ?? 0));
}

function setClock(answer: Response): void {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (!Number.isNaN(told)) localStorage.setItem(AHEAD, String(told - Date.now()));
}

/** Take note of an answer: the server's own, one from the device, or one of something before the server. */
export function heard(answer: Response): void {
  const kept = answer.headers.get(KEPT_AT);
  if (kept) {
    connected.value = false;
    if (!asOf.value || kept < asOf.value) asOf.value = kept;
  } else if (isGone(answer.status)) connected.value = false;
  else {
    setClock(answer);
    if (connected.value) return;
    connected.value = true;
    asOf.value = "";
    returned();
  }
}

const STEADY_MS = 30_000;
const LONGEST_PAUSE_MS = 15_000;
let lastReturn = Number.NEGATIVE_INFINITY;
let pause = 0;
let waiting = false;

/** Tell of the server's return: at once, but later each time where one thing answers and another does not. */
function returned(): void {
  if (waiting) return;
  const now = performance.now();
  pause = now - lastReturn > STEADY_MS ? 0 : Math.min(Math.max(1_000, 2 * pause), LONGEST_PAUSE_MS);
  waiting = true;
  const tell = () => {
    waiting = false;
    lastReturn = performance.now();
    for (const again of listeners) again();
  };
  if (pause === 0) tell();
  else setTimeout(tell, pause);
}

export function unheard(): void {
  connected.value = false;
}

/** Ask whether the server is there: something that came by another way did not come. */
export async function probe(): Promise<void> {
  await fetch("/api/v1/health", { cache: "no-store" }).then(heard, unheard);
}

const PROBE_MS = 15_000;

/** Look from time to time whether the server is back; call once. */
export function watchConnection(): void {
  const look = () => {
    if (connected.value || document.hidden) return;
    void probe();
  };
  addEventListener("online", look);
  addEventListener("offline", unheard);
  document.addEventListener("visibilitychange", look);
  setInterval(look, PROBE_MS);
}
