/** Bringing a file in: announced with its hash, sent in pieces, joined; a line that broke goes on where it was. */
import { ask, type Schemas } from "./client";
import { digestOf } from "./digest";

export type Attachment = Schemas["AttachmentOut"];
type Upload = Schemas["UploadOut"];
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
  const digest = await digestOf(file);
  const mediaType = file.type || "application/octet-stream";
  const begun = await ask<Upload>("POST", `/projects/${project}/uploads`, {
    body: { name: file.name, size: file.size, sha256: digest, media_type: mediaType },
  });
  const at = `/projects/${project}/uploads/${begun.id}`;
  for (let { received } = begun; received < file.size; told(received / file.size)) {
    const bytes = await file.slice(received, received + PIECE).arrayBuffer();
    received = (await ask<Upload>("PATCH", at, { bytes, offset: received })).received;
  }
  await ask("POST", `${at}/finish`);
  return { sha256: digest, name: file.name, mediaType, size: file.size };
}

export function evidenceFrom(sent: Sent, kind: Schemas["EvidenceKind"]): Schemas["EvidenceIn"] {
  return { kind, sha256: sent.sha256, description: sent.name, media_type: sent.mediaType };
}
