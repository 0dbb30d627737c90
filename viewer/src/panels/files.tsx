/** Files beside a record: pictures seen as such, the others to open; and adding one. */
import { useEffect, useState } from "preact/hooks";
import { list } from "../core/client";
import { t } from "../core/i18n";
import { delivered, submit } from "../core/outbox";
import { attaching } from "../core/records";
import { type Attachment, LARGEST_MB } from "../core/uploads";
import { explained, when } from "./fields";
import { Pending } from "./sync";

/** What was put beside a record, or beside a project. */
export function attachmentsOf(project: string, subject: string): Promise<Attachment[]> {
  return list(`/projects/${project}/attachments?subject=${encodeURIComponent(subject)}`);
}

/** Put a file beside a record: kept on the device first, and sent when there is a connection. */
export function attach(project: string, subject: string, file: File, more: object = {}): Promise<"sent" | "waiting"> {
  return submit(attaching(project, subject, file, more));
}

export function fileUrl(project: string, id: string): string {
  return `/api/v1/projects/${project}/attachments/${id}/file`;
}

export function Files({ project, subject, may }: { project: string; subject: string; may: boolean }) {
  const [all, setAll] = useState<Attachment[]>([]);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  useEffect(() => {
    attachmentsOf(project, subject)
      .then(setAll)
      .catch((error) => setFault(explained(error)));
  }, [project, subject, delivered.value]);
  async function add(file: File | undefined) {
    if (!file) return;
    setFault("");
    if (file.size > LARGEST_MB << 20) {
      setFault(t("tooLarge", { mb: LARGEST_MB }));
      return;
    }
    try {
      setBusy(true);
      await attach(project, subject, file);
    } catch (error) {
      setFault(explained(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <div class="stack">
      {all.length === 0 && <p class="dim small">{t("nothingYet")}</p>}
      <Gallery project={project} all={all} />
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <Pending about={subject} />
      {busy && <p role="status">{t("loading")}</p>}
      {may && (
        <label class="filebutton">
          <input
            type="file"
            onChange={(e) => {
              void add(e.currentTarget.files?.[0]);
              e.currentTarget.value = "";
            }}
          />
          <span>{t("addFile")}</span>
        </label>
      )}
    </div>
  );
}

/** Pictures as small ones that open, other files as links. */
function Gallery({ project, all }: { project: string; all: readonly Attachment[] }) {
  return (
    <ul class="gallery">
      {all.map((one) => (
        <li key={one.id}>
          <a href={fileUrl(project, one.id)} target="_blank" rel="noreferrer">
            {one.media_type.startsWith("image/") && one.media_type !== "image/heic" ? (
              <img src={fileUrl(project, one.id)} alt={one.description || one.file_name} loading="lazy" />
            ) : (
              <span class="paper">{one.file_name}</span>
            )}
          </a>
          <span class="dim small">
            {one.added_by_name} · {when(one.added_at)}
          </span>
        </li>
      ))}
    </ul>
  );
}
