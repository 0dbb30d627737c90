/** Inspections: what is due, what is asked, what was answered here or by others, and how answers travel. */
import { ask, get, list, Problem, type Schemas } from "./client";
import { serverNow } from "./connection";
import { forget as forgetKept, read, write } from "./kept";
import { newKey } from "./keys";
import { type Change, discard, type Entry, outbox, sendOnTop, submit } from "./outbox";
import { problemSaid } from "./problem-said";
import { unsent } from "./unsent";

export type Inspection = Schemas["InspectionOut"];
export type InspectionRecord = Inspection["record"];
export type InspectionLine = Schemas["InspectionLine"];
export type Execution = Schemas["ExecutionOut"];
export type Question = InspectionRecord["characteristics"][number];
export type Instrument = InspectionRecord["instruments"][number];
export type AnswerBody = Schemas["ReadingIn"];
export type Verdict = Schemas["AnswerOut"];

export function inspectionAt(project: string, id: string): string {
  return `/projects/${project}/inspections/${id}`;
}

export function aboutOf(id: string): string {
  return `inspection:${id}`;
}

export function inspectionsOf(project: string, globalId = ""): Promise<InspectionLine[]> {
  const about = globalId ? `?global_id=${encodeURIComponent(globalId)}` : "";
  return list(`/projects/${project}/inspections${about}`);
}

export function executionsOf(project: string): Promise<Execution[]> {
  return list(`/projects/${project}/executions`);
}

export function inspectionOf(project: string, id: string, fresh = false): Promise<Inspection> {
  return fresh ? ask("GET", inspectionAt(project, id), { fresh }) : get(inspectionAt(project, id));
}

export type Plan = Schemas["PlanOut"];

/** The plans by which items can be begun, with their items. */
export async function plansInForce(project: string): Promise<Plan[]> {
  const lines = await list<Schemas["PlanLine"]>(`/projects/${project}/plans?status=approved`);
  return Promise.all(lines.map((one) => get<Plan>(`/projects/${project}/plans/${one.id}`)));
}

/** Begin an item of a plan on some elements. */
export function beginItem(
  project: string,
  plan: string,
  body: { item: string; global_ids: string[]; model_revision: string },
): Promise<Execution> {
  return ask("POST", `/projects/${project}/plans/${plan}/executions`, { body, key: newKey() });
}

/** Have the inspection made that an item begun asks for. */
export function planFor(project: string, execution: Execution, quantity = "", unit = ""): Promise<Inspection> {
  const body = quantity ? { quantity, unit } : {};
  return ask("POST", `/projects/${project}/executions/${execution.id}/inspect`, { body, key: newKey() });
}

/** What there is to do, for one person. */
export interface Due {
  /** Inspections that are planned, or that this person has begun. */
  open: InspectionLine[];
  /** Items begun for which nothing speaks yet and no inspection is planned. */
  unplanned: Execution[];
  /** Inspections that this person carries out or has signed. */
  mine: InspectionLine[];
  /** Items at which work waits for somebody. */
  held: Execution[];
}

export function dueOf(lines: readonly InspectionLine[], executions: readonly Execution[], me: string): Due {
  const going = (one: InspectionLine) => one.state === "planned" || one.state === "in_progress";
  const rank = (one: InspectionLine) =>
    `${one.state === "in_progress" ? (one.inspector === me ? 0 : 2) : one.state === "planned" ? 1 : 3}`;
  const sorted = (some: InspectionLine[]) =>
    some.sort((one, other) => rank(one).localeCompare(rank(other)) || one.number.localeCompare(other.number));
  return {
    open: sorted(lines.filter((one) => going(one) && (one.inspector === null || one.inspector === me))),
    unplanned: executions.filter((one) => one.missing_to_release.length > 0 && one.inspections.length === 0),
    mine: sorted(lines.filter((one) => one.inspector === me)),
    held: executions.filter((one) => one.missing_to_proceed.length > 0),
  };
}

/** What somebody has typed of one answer. */
export interface Draft {
  number: string;
  uncertainty: string;
  instrument: string;
  flag: "" | "yes" | "no";
  choice: string;
  text: string;
  serious: boolean;
  notMeasured: string;
  correction: string;
}

export const EMPTY: Draft = {
  number: "",
  uncertainty: "",
  instrument: "",
  flag: "",
  choice: "",
  text: "",
  serious: false,
  notMeasured: "",
  correction: "",
};

/** Whether a draft says anything that could be sent. */
export function isFilled(question: Question, draft: Draft, photos: number): boolean {
  if (draft.notMeasured.trim()) return true;
  if (question.kind === "numeric") return isNumber(draft.number);
  if (question.kind === "boolean") return draft.flag !== "";
  if (question.kind === "choice") return draft.choice !== "";
  return question.kind === "photo" ? photos > 0 : draft.text.trim() !== "";
}

export function isNumber(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text.trim());
}

/** Return a draft as it is sent; only what the question asks for, so that nothing typed before slips in. */
export function bodyOf(
  question: Question,
  globalId: string,
  draft: Draft,
  photos: AnswerBody["photos"],
  takenAt: string,
): AnswerBody {
  const { kind } = question;
  const open = draft.notMeasured.trim() !== "";
  const numeric = kind === "numeric" && !open;
  return {
    characteristic: question.id,
    global_id: globalId,
    taken_at: takenAt,
    number: numeric ? plain(draft.number) : null,
    expanded_uncertainty: numeric && isNumber(draft.uncertainty) ? plain(draft.uncertainty) : null,
    instrument: numeric ? draft.instrument : "",
    flag: kind === "boolean" && !open ? draft.flag === "yes" : null,
    choice: kind === "choice" && !open ? draft.choice : "",
    text: draft.text.trim(),
    photos,
    serious_defect: draft.serious,
    not_measured: draft.notMeasured.trim(),
    correction: draft.correction.trim(),
  };
}

function plain(text: string): string {
  const [, sign = "", whole = "", part = ""] = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim()) ?? [];
  return `${sign === "-" ? "-" : ""}${whole || "0"}${part ? `.${part}` : ""}`;
}

/** Return what was sent, or recorded, as a draft to go on from. */
export function draftOf(body: Partial<AnswerBody>): Draft {
  const text = (value: unknown) => (value === null || value === undefined ? "" : String(value));
  return {
    number: text(body.number),
    uncertainty: text(body.expanded_uncertainty),
    instrument: body.instrument ?? "",
    flag: body.flag === null || body.flag === undefined ? "" : body.flag ? "yes" : "no",
    choice: body.choice ?? "",
    text: body.text ?? "",
    serious: body.serious_defect ?? false,
    notMeasured: body.not_measured ?? "",
    correction: body.correction ?? "",
  };
}

export function draftName(id: string, question: string, globalId: string): string {
  return `inspection.${id}.${question}.${globalId}`;
}

/** One question about one element: what the server has, what it says of that, and what waits here. */
export interface Cell {
  question: Question;
  globalId: string;
  reading: InspectionRecord["readings"][number] | null;
  verdict: Verdict | null;
  pending: Entry | null;
}

/** An inspection with what waits here laid over it. */
export interface Shown {
  state: InspectionRecord["state"];
  /** Started here, which the server does not know yet. */
  starting: boolean;
  instruments: readonly Instrument[];
  cells: ReadonlyMap<string, Cell>;
  /** Required answers that are given, here or there. */
  answered: number;
  /** Of those, how many wait here. */
  waiting: number;
  failed: readonly Entry[];
}

export function cellKey(question: string, globalId: string): string {
  return `${question} ${globalId}`;
}

export function overlaid(inspection: Inspection, entries: readonly Entry[]): Shown {
  const { record } = inspection;
  const mine = entries.filter((one) => one.about === aboutOf(record.id));
  const starting = record.state === "planned" && mine.some((one) => one.kind === "start");
  const brought = mine
    .filter((one) => one.kind === "start" || one.kind === "instruments")
    .flatMap((one) => (one.body as { instruments: Instrument[] }).instruments);
  const known = new Set(record.instruments.map((one) => one.serial));
  const verdicts = new Map(inspection.answers.map((one) => [cellKey(one.characteristic, one.global_id), one]));
  const readings = new Map(record.readings.map((one) => [cellKey(one.characteristic, one.global_id), one]));
  const pending = new Map<string, Entry>();
  for (const one of mine) {
    const body = one.body as AnswerBody;
    if (one.kind === "answer") pending.set(cellKey(body.characteristic, body.global_id), one);
  }
  const cells = new Map<string, Cell>();
  let [answered, waiting] = [0, 0];
  for (const globalId of record.sample.global_ids) {
    for (const question of record.characteristics) {
      const key = cellKey(question.id, globalId);
      const [reading, waits] = [readings.get(key) ?? null, pending.get(key) ?? null];
      cells.set(key, { question, globalId, reading, verdict: verdicts.get(key) ?? null, pending: waits });
      const good = reading !== null || (waits !== null && waits.state !== "failed");
      if (question.required && good) answered += 1;
      if (waits !== null && waits.state !== "failed") waiting += 1;
    }
  }
  return {
    state: starting ? "in_progress" : record.state,
    starting,
    instruments: [...record.instruments, ...brought.filter((one) => !known.has(one.serial))],
    cells,
    answered,
    waiting,
    failed: mine.filter((one) => one.state === "failed"),
  };
}

const WORST = ["fail", "not_measured", "indeterminate", "pass"] as const;
export type Standing = (typeof WORST)[number] | "open" | "waiting";

/** How an element stands, by what the server says of its answers: nothing is judged here. */
export function standingOf(shown: Shown, record: InspectionRecord, globalId: string): Standing {
  const cells = record.characteristics.map((one) => shown.cells.get(cellKey(one.id, globalId)));
  const said = new Set(cells.map((one) => (one?.pending ? null : one?.verdict?.outcome)));
  if (said.has("fail")) return "fail";
  if (cells.some((one) => one?.question.required && !one.reading && !one.pending)) return "open";
  if (cells.some((one) => one?.pending)) return "waiting";
  return WORST.find((one) => said.has(one)) ?? "open";
}

type Travelling = Omit<Change, "key" | "project" | "about" | "method" | "chained">;

/** Send a change of an inspection, or keep it until there is a connection; each goes on from the one before. */
function travel(project: string, inspection: Inspection, change: Travelling): Promise<"sent" | "waiting"> {
  const about = aboutOf(inspection.id);
  const versionAt = inspectionAt(project, inspection.id);
  const { version } = inspection;
  return submit({ version, versionAt, ...change, key: newKey(), project, about, method: "POST", chained: true });
}

export function startInspection(project: string, inspection: Inspection, instruments: readonly Instrument[]) {
  const path = `${inspectionAt(project, inspection.id)}/start`;
  return travel(project, inspection, { kind: "start", text: inspection.record.number, path, body: { instruments } });
}

export function addInstrument(project: string, inspection: Inspection, instrument: Instrument) {
  const path = `${inspectionAt(project, inspection.id)}/instruments`;
  const body = { instruments: [instrument] };
  return travel(project, inspection, { kind: "instruments", text: instrument.serial, path, body });
}

/** Send an answer with its photos; one that waits here and never left is replaced. */
export async function sendAnswer(
  project: string,
  inspection: Inspection,
  cell: Cell,
  draft: Draft,
  photos: readonly File[],
  said: string,
): Promise<"sent" | "waiting"> {
  const { question, globalId, pending, reading } = cell;
  const kept = photos.length > 0 ? [] : (reading?.photos ?? []);
  const shots = photos.map((file, n) => ({
    kind: "picture" as const,
    sha256: `{sha256.${n}}`,
    description: file.name,
    media_type: file.type || "image/jpeg",
  }));
  const body = bodyOf(question, globalId, draft, [...kept, ...shots], serverNow().toISOString());
  if (pending && isMine(pending)) await discard(pending.key);
  return travel(project, inspection, {
    kind: "answer",
    text: said,
    path: `${inspectionAt(project, inspection.id)}/readings`,
    body,
    draft: draftName(inspection.id, question.id, globalId),
    files: photos.map((file) => ({ content: file, name: file.name, type: file.type || "image/jpeg" })),
  });
}

/** Whether what waits can still be taken back: it never left, or was refused. */
export function isMine(entry: Entry): boolean {
  return entry.state === "failed" || (entry.state === "waiting" && entry.sentAt === null);
}

/** Have the server judge a draft without keeping it; null where it cannot be asked, its words where it refuses. */
export async function judged(
  project: string,
  id: string,
  body: AnswerBody,
  signal: AbortSignal,
): Promise<Verdict | string | null> {
  const { correction: _, taken_at: __, ...draft } = body;
  try {
    return await ask("POST", `${inspectionAt(project, id)}/judge`, { body: draft, signal });
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 0 || error.status >= 500 || error.status === 401) return null;
    return problemSaid(error);
  }
}

/** Put what waits here on top of what others did meanwhile; a start that came too late only brings its instruments. */
export async function goOnTop(project: string, id: string): Promise<void> {
  const fresh = await inspectionOf(project, id, true);
  const known = new Set(fresh.record.instruments.map((one) => one.serial));
  await sendOnTop(aboutOf(id), fresh.version, (one) => {
    if (one.kind !== "start" || fresh.record.state === "planned") return one;
    const instruments = (one.body as { instruments: Instrument[] }).instruments.filter((i) => !known.has(i.serial));
    if (instruments.length === 0) return null;
    return { ...one, kind: "instruments", path: `${inspectionAt(project, id)}/instruments`, body: { instruments } };
  });
}

export function signInspection(project: string, inspection: Inspection, capacity: string, password: string) {
  const asked = { version: inspection.version, body: { capacity, password } };
  return ask<Inspection>("POST", `${inspectionAt(project, inspection.id)}/sign`, asked);
}

export function speakFor(project: string, execution: Execution, inspection: string): Promise<Execution> {
  const asked = { version: execution.version, body: { id: inspection } };
  return ask("POST", `/projects/${project}/executions/${execution.id}/inspections`, asked);
}

export function releaseHold(project: string, execution: Execution, party: string, password: string) {
  const asked = { version: execution.version, body: { party, password } };
  return ask<Execution>("POST", `/projects/${project}/executions/${execution.id}/release`, asked);
}

/** The draft that the server makes of what a signed inspection found. */
export function suggestedNcr(project: string, id: string, severity: string): Promise<Schemas["NcrOut"]> {
  return ask("POST", `${inspectionAt(project, id)}/ncr`, { body: { severity }, key: newKey() });
}

/** What of a failing answer goes into a nonconformance that is raised before the inspection is signed. */
export function raisedFrom(
  record: InspectionRecord,
  cell: Cell,
): { violations?: object[]; evidence: readonly object[] } {
  const { question, reading, globalId } = cell;
  const number = reading?.number ?? null;
  const unsure =
    reading?.expanded_uncertainty ??
    record.instruments.find((one) => one.serial === reading?.instrument && one.unit === question.unit)
      ?.expanded_uncertainty;
  if (number === null || unsure === null || unsure === undefined) return { evidence: reading?.photos ?? [] };
  const requirement = {
    characteristic: question.name,
    clause: question.source,
    lower: question.lower ?? null,
    upper: question.upper ?? null,
    unit: question.unit,
  };
  const measured = { value: number, expanded_uncertainty: unsure };
  return { violations: [{ requirement, measured, global_id: globalId }], evidence: reading?.photos ?? [] };
}

// Instruments that this device was used with: chosen again, not typed again.

const USED = "instruments";

export function usedInstruments(): Instrument[] {
  try {
    return JSON.parse(unsent.read(USED) || "[]");
  } catch {
    return [];
  }
}

export function rememberInstruments(instruments: readonly Instrument[]): void {
  const fresh = new Map([...usedInstruments(), ...instruments].map((one) => [one.serial, one]));
  unsent.keep(USED, JSON.stringify([...fresh.values()].slice(-12)));
}

// Photos of an answer that is not sent: they outlive a reload, as the text does.

const place = (user: string, name: string) => `photos.${user}.${name}`;

export async function keptPhotos(user: string, name: string): Promise<File[]> {
  return (await read<File[]>("meta", place(user, name)).catch(() => undefined)) ?? [];
}

export async function keepPhotos(user: string, name: string, photos: readonly File[]): Promise<void> {
  if (photos.length > 0) await write("meta", photos, place(user, name));
  else await forgetKept("meta", place(user, name));
}

/** How many of an inspection's changes wait here: its sync state in a list. */
export function waitsHere(id: string): { waiting: number; failed: number } {
  const mine = outbox.value.filter((one) => one.about === aboutOf(id));
  const failed = mine.filter((one) => one.state === "failed").length;
  return { waiting: mine.length - failed, failed };
}
