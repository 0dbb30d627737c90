/** Findings and nonconformance records of one element, and what a person does with them. */
import { ask, get, list, ROOT, type Schemas } from "./client";
import { bracketed, t } from "./i18n";
import { newKey } from "./keys";
import { recordedText } from "./limits";
import { type Change, submit } from "./outbox";
import { characteristic, source } from "./terms";

export { unsent } from "./unsent";

export type Finding = Schemas["FindingOut"];
export type NcrLine = Schemas["NcrLine"];
export type Ncr = Schemas["NcrOut"];
export type Comment = Schemas["CommentOut"];
export type Severity = Schemas["Severity"];

/** What a check saw from where it looked at a finding. */
export interface Picture {
  readonly url: string;
  readonly kind: Finding["kind"];
  readonly raisedAt: string;
}

export interface ElementRecords {
  /** Those that wait for a decision. */
  findings: Finding[];
  /** Of all findings, the newest first. */
  pictures: Picture[];
  ncrs: NcrLine[];
}

export async function recordsOf(project: string, globalId: string): Promise<ElementRecords> {
  const about = `global_id=${encodeURIComponent(globalId)}`;
  const [findings, ncrs] = await Promise.all([
    list<Finding>(`/projects/${project}/findings?${about}`),
    list<NcrLine>(`/projects/${project}/ncrs?${about}`),
  ]);
  return { findings: findings.filter((one) => one.status === "open"), pictures: picturesOf(project, findings), ncrs };
}

function picturesOf(project: string, findings: readonly Finding[]): Picture[] {
  const made = findings.flatMap(({ picture, check_run, kind, raised_at }) => {
    if (!picture) return [];
    const file = encodeURIComponent(picture.name);
    return [{ url: `${ROOT}/projects/${project}/checks/${check_run}/files/${file}`, kind, raisedAt: raised_at }];
  });
  return made.sort((one, other) => other.raisedAt.localeCompare(one.raisedAt));
}

/** Return what a finding says of an element, as the beginning of a record about it. */
export function draftOf(
  finding: Finding,
  row: { globalId: string; name: string },
): { told: Draft; more: { violations: object[]; evidence: object[] } } {
  const mine = finding.failures.filter((one) => one.global_id === row.globalId);
  const violations = mine.flatMap((one) => {
    if (one.actual_mm === null || one.expanded_uncertainty_mm === null) return [];
    const { characteristic, source: clause, lower_mm: lower, upper_mm: upper } = one;
    const measured = { value: one.actual_mm, expanded_uncertainty: one.expanded_uncertainty_mm };
    const requirement = { characteristic, clause, lower, upper, unit: "mm" };
    return [{ requirement, measured, global_id: row.globalId }];
  });
  const lines = violations.map((one) => {
    const [value, limits] = recordedText(one);
    const what = characteristic(one.requirement.characteristic);
    return `${what}${t("colon")}${value}${bracketed(`${t("limits")} ${limits}`)}${t("comma")}${source(one.requirement.clause)}`;
  });
  const title = `${row.name || row.globalId}${t("colon")}${t(`cause.${finding.kind}`)}`;
  const told = { title: title.slice(0, 200), severity: finding.severity, description: lines.join("\n") };
  const evidence = finding.picture
    ? [
        {
          kind: "picture",
          sha256: finding.picture.sha256,
          description: finding.picture.name,
          media_type: finding.picture.media_type,
        },
      ]
    : [];
  return { told, more: { violations, evidence } };
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

/** Raise a draft about an element, with a photo as evidence if there is one; `key` makes sending it twice harmless. */
export function raise(
  project: string,
  globalId: string,
  draft: Draft,
  key: string,
  photo: File | null = null,
  more: { evidence?: readonly object[] } = {},
): Promise<"sent" | "waiting"> {
  const { evidence = [], ...rest } = more;
  const shown = photo && { kind: "picture", sha256: "{sha256}", description: photo.name, media_type: typeOf(photo) };
  const body = {
    ...draft,
    quantity: "1",
    unit: "element",
    global_ids: [globalId],
    ...rest,
    evidence: shown ? [...evidence, shown] : evidence,
  };
  const text = [draft.title, draft.description].filter(Boolean).join("\n");
  const about = `element:${globalId}`;
  const change = { key, project, kind: "raise", text, about, body, draft: `raise.${globalId}` } as const;
  const file = photo ? { file: { content: photo, name: photo.name, type: typeOf(photo) } } : {};
  return submit({ ...change, ...file, method: "POST", path: `/projects/${project}/ncrs` });
}

const typeOf = (file: File): string => file.type || "application/octet-stream";

/** What puts a file beside a record. */
export function attaching(project: string, subject: string, file: File, more: object = {}): Change {
  const { name } = file;
  const body = {
    subject,
    sha256: "{sha256}",
    file_name: name,
    media_type: typeOf(file),
    ...more,
  };
  const brought = { content: file, name, type: typeOf(file) };
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
