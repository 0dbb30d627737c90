/** Findings and nonconformance records of one element, and what a person does with them. */
import { ask, get, list, type Schemas } from "./client";

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
export function confirm(project: string, finding: Finding): Promise<Finding> {
  return ask("POST", `/projects/${project}/findings/${finding.id}/confirm`, {
    body: {},
    version: finding.version,
  });
}

export function dismiss(project: string, finding: Finding, reason: string): Promise<Finding> {
  return ask("POST", `/projects/${project}/findings/${finding.id}/dismiss`, {
    body: { reason },
    version: finding.version,
  });
}

export interface Draft {
  title: string;
  severity: Severity;
  description: string;
}

/** Raise a draft about an element; `key` makes sending it twice harmless. */
export function raise(project: string, globalId: string, draft: Draft, key: string): Promise<Ncr> {
  const body = {
    ...draft,
    quantity: "1",
    unit: "element",
    global_ids: [globalId],
  };
  return ask("POST", `/projects/${project}/ncrs`, { body, key });
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

export function comment(project: string, subject: string, text: string, key: string): Promise<Comment> {
  return ask("POST", `/projects/${project}/comments`, {
    body: { subject, text },
    key,
  });
}

/** What somebody typed and has not sent: it outlives a reload, an expired session and a lost connection. */
export const unsent = {
  read(name: string): string {
    return localStorage.getItem(`qtems.unsent.${name}`) ?? "";
  },
  keep(name: string, text: string): void {
    if (text) localStorage.setItem(`qtems.unsent.${name}`, text);
    else localStorage.removeItem(`qtems.unsent.${name}`);
  },
};
