/** One nonconformance record and what a person does with it: requests, and what can be read off it. */
import { ask, get, list, Problem, type Schemas, session } from "./client";
import { t, word } from "./i18n";
import { may, type Right } from "./permits";

export type Ncr = Schemas["NcrOut"];
export type NcrRecord = Ncr["record"];
export type NcrLine = Schemas["NcrLine"];
export type NcrEvent = Ncr["next"][number];
export type Person = Schemas["MemberOut"];
export type Happening = Schemas["Happening"];
export type Capacity = Schemas["Capacity"];
export type Decision = Schemas["Decision"];
export type Line = NcrRecord["lines"][number];
export type Recheck = NcrRecord["rechecks"][number];

/** Event -> the last word of its address, where that is another. */
const ADDRESS: Partial<Record<NcrEvent, string>> = {
  add_evidence: "evidence",
  record_containment: "containment",
  assemble: "board",
  record_recheck: "rechecks",
  record_proof: "proofs",
  decide_capa: "capa-decision",
  capture_cost: "cost",
  inform_customer: "customer-notice",
  note_recurrence: "occurrences",
};

export function at(project: string, id: string): string {
  return `/projects/${project}/ncrs/${id}`;
}

export function take(project: string, ncr: Ncr, event: NcrEvent, body?: unknown): Promise<Ncr> {
  const asked = { version: ncr.version, ...(body === undefined ? {} : { body }) };
  return ask("POST", `${at(project, ncr.id)}/${ADDRESS[event] ?? event}`, asked);
}

export async function historyOf(project: string, id: string): Promise<Happening[]> {
  return (await get<{ items: Happening[] }>(`${at(project, id)}/history`)).items;
}

const IDENTIFIER = /\b[0-9a-f]{32}\b/g;

/** Why something was done: where it came from in words, people by their names, no bare identifiers. */
export function reasonSaid(reason: string, people: ReadonlyMap<string, string>): string {
  const [, origin] = /^(finding|prediction|check) [0-9a-f]{32}$/.exec(reason) ?? [];
  if (origin) return word("from", origin);
  return reason.replace(IDENTIFIER, (found) => people.get(found) ?? "…");
}

/** A quantity as people say it; a unit that somebody wrote stays as it is. */
export function quantitySaid(n: string, unit: string): string {
  return /^elements?$/i.test(unit.trim()) ? t("manyElements", { n }) : `${n} ${unit}`;
}

/** Who takes part; nobody where one may not see that (suppliers). */
export async function peopleOf(project: string): Promise<Person[]> {
  try {
    return (await list<Person>(`/projects/${project}/members`)).filter((one) => one.active);
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return [];
    throw error;
  }
}

export interface Asked {
  state: string;
  severity: string;
  assignee: string;
}

export function recordsLike(project: string, asked: Asked): Promise<NcrLine[]> {
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
  return list(`/projects/${project}/ncrs?${query}`);
}

/** Records in which it is my turn: I can move them on, or they are given to me. The late ones and the due first. */
export function mine(lines: readonly NcrLine[], me: string): NcrLine[] {
  const turn = lines.filter((one) => one.next.length > 0 || (one.assignee === me && isLive(one.state)));
  const rank = (one: NcrLine) => `${one.overdue ? 0 : 1}${one.assignee === me ? 0 : 1}${one.due ?? "9"}`;
  return turn.sort((one, other) => rank(one).localeCompare(rank(other)));
}

export function isLive(state: string): boolean {
  return !["closed", "rejected", "void"].includes(state);
}

export function me(): string {
  return session.value?.user.id ?? "";
}

/** The way of a record as people see it, and how far it has come; -1 for one that was given up. */
export const WAY = ["draft", "open", "contained", "under_review", "dispositioned", "reinspection", "closed"] as const;

export function stepOf(state: string): number {
  if (state === "rejected" || state === "void") return -1;
  const same: Record<string, string> = {
    reopened: "open",
    in_correction: "dispositioned",
    verification: "reinspection",
  };
  return WAY.indexOf((same[state] ?? state) as (typeof WAY)[number]);
}

export type Offer = {
  event: NcrEvent;
  /** What has to be there first. */
  missing: readonly string[];
  /** Why it is not this person's; empty where it is. */
  bar: string;
};

/** Everything that the record's state knows, for this person. */
export function offers(ncr: Ncr): Offer[] {
  return ncr.events.map(({ event, missing }) => ({
    event: event as NcrEvent,
    missing,
    bar: (ncr.barred as Record<string, string>)[event] ?? "",
  }));
}

/** What moves the record on, whoever does it. */
const FORWARD: readonly string[] = ["open", "contain", "review", "dispose", "correct", "verify", "reinspect", "close"];

export function forward(ncr: Ncr): Offer | undefined {
  return offers(ncr).find((one) => FORWARD.includes(one.event));
}

/** What moves a record on, by the right that it takes. */
const RIGHT: Partial<Record<NcrEvent, Right>> = {
  open: "ncr.raise",
  contain: "ncr.contain",
  review: "ncr.review",
  propose: "ncr.review",
  dispose: "ncr.review",
  correct: "ncr.correct",
  verify: "ncr.correct",
  reinspect: "ncr.correct",
  record_recheck: "inspection.perform",
  close: "ncr.close",
};

/** A step, and who can take it: by role, or by a seat on the board. */
export interface Able {
  event: NcrEvent;
  right: Right;
  people: readonly Person[];
}

/** Return the steps that come before a record has moved on, each with everybody else who can take it. */
export function ableTo(ncr: Ncr, move: Offer, people: readonly Person[]): Able[] {
  const others = people.filter((one) => one.user !== me());
  const by = (event: NcrEvent): Able[] => {
    const right = RIGHT[event];
    return right ? [{ event, right, people: others.filter((one) => may(one.role, right)) }] : [];
  };
  if (move.missing.length === 0) return by(move.event);
  if (move.event === "close") return [...by("record_recheck"), ...by("close")];
  if (move.event !== "dispose") return by(move.event);
  if (ncr.record.lines.length === 0) return by("propose");
  const signed = new Set(ncr.signed_by);
  const seats = new Set(ncr.record.roster.map((one) => one.person).filter((one) => !signed.has(one)));
  return [{ event: "sign", right: "ncr.review", people: others.filter((one) => seats.has(one.user)) }];
}

/** Whether a re-inspection counts: not if it is from before the work was finished, or a later one speaks of the same. */
export function standingOf(record: NcrRecord, recheck: Recheck): "counts" | "early" | "older" {
  if (record.corrected_at && Date.parse(recheck.captured_at) < Date.parse(record.corrected_at)) return "early";
  const later = record.rechecks.filter((one) => Date.parse(one.captured_at) > Date.parse(recheck.captured_at));
  const said = (one: Recheck) =>
    one.outcomes.flatMap((outcome) =>
      outcome.criteria.length > 0
        ? outcome.criteria.map(
            (each) => `${outcome.about} ${each.requirement.characteristic} ${each.requirement.clause}`,
          )
        : [outcome.about],
    );
  const spoken = new Set(later.flatMap(said));
  return said(recheck).every((each) => spoken.has(each)) ? "older" : "counts";
}

/** A decimal number as text plus another, exact: quantities are never floats. */
export function sum(numbers: readonly string[]): string {
  const parsed = numbers.map((text) => /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim()) ?? ["", "", "0", ""]);
  const places = Math.max(0, ...parsed.map((one) => one[3]?.length ?? 0));
  const total = parsed.reduce((so, [, sign, whole = "", part = ""]) => {
    const digits = BigInt(`${whole || "0"}${part.padEnd(places, "0")}`);
    return sign === "-" ? so - digits : so + digits;
  }, 0n);
  const text = (total < 0n ? -total : total).toString().padStart(places + 1, "0");
  const whole = text.slice(0, text.length - places);
  const part = text.slice(text.length - places).replace(/0+$/, "");
  return `${total < 0n ? "-" : ""}${whole}${part ? `.${part}` : ""}`;
}

export function minus(one: string, other: string): string {
  const turned = other.startsWith("-") ? other.slice(1) : `-${other}`;
  return sum([one, turned]);
}

/** What a decision asks for besides quantity, elements and reason. */
export const ASKS: Record<Decision, readonly (keyof Line)[]> = {
  use_as_is: ["concession"],
  rework: ["instruction"],
  repair: ["instruction", "repair_criteria", "customer_waiver"],
  replace: ["instruction"],
  regrade: ["new_identity"],
  scrap: [],
  return_to_supplier: ["scar"],
  sort: ["instruction"],
};

/** What the proof of a decision asks for. */
export const PROVES: Record<Decision, readonly string[]> = {
  use_as_is: ["as_built_record"],
  rework: [],
  repair: [],
  replace: ["marking", "counted", "evidence"],
  regrade: ["new_identity", "traceability"],
  scrap: ["marking", "counted", "evidence"],
  return_to_supplier: ["shipping_record", "debit_note"],
  sort: [],
};

/** Checks and signed inspections that could re-inspect a record: captured or signed since its work was finished. */
export interface Rechecks {
  checks: { id: string; name: string; at: string }[];
  inspections: { id: string; name: string; at: string }[];
  /** The last scan that was checked since the record was raised, and captured too early to prove the work. */
  early: { name: string; at: string } | null;
}

export async function recheckable(project: string, record: NcrRecord): Promise<Rechecks> {
  const since = Date.parse(record.corrected_at ?? "9999-01-01");
  const root = `/projects/${project}`;
  const [scans, checks, inspections] = await Promise.all([
    list<Schemas["ScanOut"]>(`${root}/scans`),
    list<Schemas["CheckOut"]>(`${root}/checks`),
    list<Schemas["InspectionLine"]>(`${root}/inspections?status=signed`),
  ]);
  const epochs = new Map(scans.map((one) => [one.id, one]));
  const known = new Set(record.rechecks.map((one) => one.id));
  const counting = checks.flatMap((one) => {
    const scan = epochs.get(one.epoch);
    return scan && one.counts ? [{ id: one.id, name: scan.name, at: scan.captured_at }] : [];
  });
  const before = counting.filter((one) => Date.parse(one.at) < since && one.at > record.raised_at);
  return {
    checks: counting.filter((one) => !known.has(one.id) && Date.parse(one.at) >= since),
    early: before.sort((one, other) => other.at.localeCompare(one.at))[0] ?? null,
    inspections: inspections
      .filter((one) => one.reinspects === record.id || Date.parse(one.changed_at) >= since)
      .filter((one) => !known.has(one.id))
      .map((one) => ({ id: one.id, name: one.number, at: one.changed_at })),
  };
}

export function fileOf(project: string, id: string, sha256: string): string {
  return `/api/v1${at(project, id)}/files/${sha256}`;
}

export function ncrOf(project: string, id: string): Promise<Ncr> {
  return get(at(project, id));
}
