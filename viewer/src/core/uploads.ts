/** Bringing a file in: announced with its hash, sent in pieces, joined; a line that broke goes on where it was. */
import { ask, Problem, ROOT, type Schemas, session } from "./client";
import { sha256 } from "./digest";

export type Attachment = Schemas["AttachmentOut"];
const PIECE = 4 << 20;
export const LARGEST_MB = 50;

export interface Sent {
  sha256: string;
  name: string;
  mediaType: string;
  size: number;
}

/** Send a file into a project; `told` gets the share that has arrived, 0 to 1. */
export async function bring(project: string, file: File, told: (share: number) => void = () => {}): Promise<Sent> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const digest = await sha256(bytes);
  const mediaType = file.type || "application/octet-stream";
  const begun = await ask<Schemas["UploadOut"]>("POST", `/projects/${project}/uploads`, {
    body: { name: file.name, size: bytes.length, sha256: digest, media_type: mediaType },
  });
  const at = `/projects/${project}/uploads/${begun.id}`;
  for (let start = begun.received; start < bytes.length; ) {
    start = await piece(at, bytes.subarray(start, start + PIECE), start);
    told(start / bytes.length);
  }
  await ask("POST", `${at}/finish`);
  return { sha256: digest, name: file.name, mediaType, size: bytes.length };
}

async function piece(at: string, bytes: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
  const headers: Record<string, string> = {
    "Upload-Offset": String(start),
    "Content-Type": "application/offset+octet-stream",
    "X-CSRF-Token": session.value?.csrf_token ?? "",
  };
  let answer: Response;
  try {
    answer = await fetch(`${ROOT}${at}`, { method: "PATCH", headers, body: bytes });
  } catch (error) {
    throw new Problem(0, "offline", String(error));
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, "upload", String(told.detail ?? answer.statusText));
  }
  return Number(answer.headers.get("Upload-Offset") ?? start + bytes.length);
}

export function evidenceFrom(sent: Sent, kind: Schemas["EvidenceKind"]): Schemas["EvidenceIn"] {
  return { kind, sha256: sent.sha256, description: sent.name, media_type: sent.mediaType };
}
