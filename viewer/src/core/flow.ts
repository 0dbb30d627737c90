/**
 * A run of a production line as keyframes (`qtems.keyframes/1`, docs/simulate.md): where each unit was when. Nothing here
 * draws.
 */
import { signal } from "@preact/signals";

export const FLOW_SCHEMA = "qtems.keyframes/1";

/** What a unit does at a place from a time on. */
interface Frame {
  readonly t: number;
  readonly place: string;
  readonly does: "waits" | "worked" | "done" | "left";
}

export interface Flow {
  readonly unit: string;
  readonly until: number;
  /** In the order in which units come to them. */
  readonly stations: readonly string[];
  readonly tracks: readonly (readonly Frame[])[];
  /** When anything changes, ascending. */
  readonly moments: readonly number[];
}

/** How many units are at a station at a moment, by what they do there. */
export interface Standing {
  readonly station: string;
  readonly waits: number;
  readonly worked: number;
  readonly done: number;
}

const DOES: Record<string, Frame["does"]> = { arrive: "waits", start: "worked", finish: "done" };
const WAYS_OUT = ["ship", "scrap"];

export class FlowFault extends Error {}

/** Return the run that a document holds; null for a document of another kind. */
export function flowOf(text: string): Flow | null {
  let told: { schema?: unknown; time_unit?: unknown; until?: unknown; units?: unknown };
  try {
    told = JSON.parse(text);
  } catch {
    return null;
  }
  if (told?.schema !== FLOW_SCHEMA) return null;
  if (!Array.isArray(told.units) || typeof told.until !== "number") throw new FlowFault("units, until: missing");
  const ranks = new Map<string, { sum: number; n: number }>();
  const tracks = told.units.map((unit: { track?: unknown }, n) => {
    if (!Array.isArray(unit?.track)) throw new FlowFault(`units[${n}].track: no list`);
    const frames = unit.track.map((one: unknown, k): Frame => {
      const [t, place, activity] = Array.isArray(one) ? one : [];
      if (typeof t !== "number" || typeof place !== "string")
        throw new FlowFault(`units[${n}].track[${k}]: no keyframe`);
      return { t, place, does: DOES[String(activity)] ?? "left" };
    });
    [...new Set(frames.filter(({ does }) => does !== "left").map(({ place }) => place))].forEach((place, rank) => {
      const known = ranks.get(place) ?? { sum: 0, n: 0 };
      ranks.set(place, { sum: known.sum + rank, n: known.n + 1 });
    });
    return frames;
  });
  const stations = [...ranks].sort(([, a], [, b]) => a.sum / a.n - b.sum / b.n).map(([place]) => place);
  const moments = [...new Set([0, ...tracks.flat().map(({ t }) => t), told.until])].sort((a, b) => a - b);
  return { unit: String(told.time_unit ?? ""), until: told.until, stations, tracks, moments };
}

/** Return who is where at a moment, and how many units have left the line by which way. */
export function standingAt(flow: Flow, t: number): { stations: Standing[]; out: Record<string, number> } {
  const counts = new Map(flow.stations.map((station) => [station, { waits: 0, worked: 0, done: 0 }]));
  const out: Record<string, number> = Object.fromEntries(WAYS_OUT.map((way) => [way, 0]));
  for (const track of flow.tracks) {
    const at = track.findLast((frame) => frame.t <= t);
    if (!at) continue;
    const here = counts.get(at.place);
    if (at.does === "left") {
      if (at.place in out) out[at.place] = (out[at.place] ?? 0) + 1;
    } else if (here) here[at.does] += 1;
  }
  return {
    stations: flow.stations.map((station) => ({ station, ...(counts.get(station) as object) }) as Standing),
    out,
  };
}

export const flow = signal<Flow | null>(null);
/** In the line's unit of time. */
export const flowAt = signal(0);
export const flowing = signal(false);
/** A run is played in so many seconds, however long it took. */
export const PLAYED_IN = 60;

export function showFlow(next: Flow | null): void {
  flow.value = next;
  flowAt.value = 0;
  flowing.value = false;
}

/** Return the moment after some seconds of playing; whoever wants no motion sees each change by itself. */
export function flowed(run: Flow, at: number, seconds: number, calm: boolean): number {
  if (calm) return run.moments.find((one) => one > at + 1e-9) ?? run.until;
  return Math.min(run.until, at + (seconds * run.until) / PLAYED_IN);
}
