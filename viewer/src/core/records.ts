/** Findings and nonconformance records of one element, and what a person does with them. */
import { ask, get, list, type Schemas } from "./client";
import { newKey } from "./keys";
import { type Change, submit } from "./outbox";

export { unsent } from "./unsent";

export type Finding = Schemas["FindingOut"];
export type NcrLine = Schemas["NcrLine"];
export type Ncr = Schemas["NcrOut"];
export type Comment = Schemas["CommentOut"];
export type Severity = Schemas["Severity"];

export interface ElementRecords {
  findings: Finding[];
  ncrs: NcrLine[];
}

export async function recordsOf(project: string, globalId: string): Promise<ElementRecords> {
  const about = `global_id=${encodeURIComponent(globalId)}`;
  const [findings, ncrs] = await Promise.all([
    list<Finding>(`/projects/${project}/findings?${about}`),
    list<NcrLine>(`/projects/${project}/ncrs?${about}`),
  ]);
  return { findings: findings.filter((one) => one.status === "open"), ncrs };
}

/** Make the draft of a nonconformance record of a finding. */
export function confirm(project: string, finding: Finding): Promise<"sent" | "waiting"> {
  return decide(project, finding, "confirm", {}, "");
}

export function dismiss(project: string, finding: Finding, reason: string): Promise<"sent" | "waiting"> {
  return decide(project, finding, "dismiss", { reason }, reason);
}

function decide(project: string, finding: Finding, kind: "confirm" | "dismiss", body: object, text: string) {
  const at = `/projects/${project}/findings/${finding.id}`;
  const draft = `dismiss.${finding.id}`;
  const change = {
    key: newKey(),
    project,
    kind,
    text,
    about: `finding:${finding.id}`,
    path: `${at}/${kind}`,
    body,
  } as const;
  return submit({ ...change, method: "POST", version: finding.version, versionAt: at, draft });
}

export interface Draft {
  title: string;
  severity: Severity;
  description: string;
}

/** Raise a draft about an element, with a photo if there is one; `key` makes sending it twice harmless. */
export function raise(
  project: string,
  globalId: string,
  draft: Draft,
  key: string,
  photo: File | null = null,
  more: object = {},
): Promise<"sent" | "waiting"> {
  const body = {
    ...draft,
    quantity: "1",
    unit: "element",
    global_ids: [globalId],
    ...more,
  };
  const text = [draft.title, draft.description].filter(Boolean).join("\n");
  const about = `element:${globalId}`;
  const change = { key, project, kind: "raise", text, about, body, draft: `raise.${globalId}` } as const;
  const along = photo ? [{ ...attaching(project, "ncr:{id}", photo), about, after: key }] : [];
  return submit({ ...change, method: "POST", path: `/projects/${project}/ncrs` }, ...along);
}

/** What puts a file beside a record. */
export function attaching(project: string, subject: string, file: File, more: object = {}): Change {
  const { name, type } = file;
  const body = {
    subject,
    sha256: "{sha256}",
    file_name: name,
    media_type: type || "application/octet-stream",
    ...more,
  };
  const brought = { content: file, name, type: type || "application/octet-stream" };
  const change = { key: newKey(), project, kind: "attach", text: name, about: subject, body } as const;
  return { ...change, method: "POST", path: `/projects/${project}/attachments`, file: brought };
}

export function ncrOf(project: string, id: string): Promise<Ncr> {
  return get(`/projects/${project}/ncrs/${id}`);
}

export function openNcr(project: string, ncr: Ncr): Promise<Ncr> {
  return ask("POST", `/projects/${project}/ncrs/${ncr.id}/open`, {
    version: ncr.version,
  });
}

export function commentsOf(project: string, subject: string): Promise<Comment[]> {
  return list(`/projects/${project}/comments?subject=${encodeURIComponent(subject)}`);
}

export function comment(project: string, subject: string, text: string, key: string): Promise<"sent" | "waiting"> {
  const change = { key, project, kind: "comment", text, about: subject, body: { subject, text } } as const;
  const draft = `comment.${subject.replace("ncr:", "")}`;
  return submit({ ...change, method: "POST", path: `/projects/${project}/comments`, draft });
}
