/** Photos from the site: take one, point at its place, send it; those that are there, each at its place. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { bracketed, t, word } from "../core/i18n";
import { isLive } from "../core/ncr";
import { delivered } from "../core/outbox";
import { openPhoto, type Photo, pinned, pinOf, pointed, pointing, prepared } from "../core/photos";
import { type NcrLine, recordsOf } from "../core/records";
import { go } from "../core/route";
import { select, selected, type Workspace } from "../core/state";
import type { Attachment } from "../core/uploads";
import { Dialog } from "./dialog";
import { Choice, Form, Text, when } from "./fields";
import { attach, attachmentsOf, fileUrl } from "./files";
import { Pending } from "./sync";

/** What was taken and not yet sent: it outlives the panel, though not a reload. */
const taken = signal<(Photo & { url: string }) | null>(null);
const caption = signal("");

export function Photos({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [fault, setFault] = useState("");
  const all = [...pinned.value, ...useWithoutPlace(project)].sort((a, b) => b.added_at.localeCompare(a.added_at));
  async function take(file: File | undefined) {
    if (!file) return;
    setFault("");
    try {
      const photo = await prepared(file);
      if (taken.value) URL.revokeObjectURL(taken.value.url);
      taken.value = { ...photo, url: URL.createObjectURL(photo.file) };
      pointed.value = null;
      pointing.value = work.scene !== null;
    } catch {
      setFault(t("photoUnreadable"));
    }
  }
  return (
    <div class="stack">
      {taken.value ? (
        <Draft work={work} photo={taken.value} />
      ) : (
        <>
          <div class="pair">
            <Pick label={t("takePhoto")} camera onFile={take} />
            <Pick label={t("choosePhoto")} onFile={take} />
          </div>
          <p class="dim small">{t("photoPrivacy")}</p>
        </>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <Pending about={`project:${project}`} />
      <h3>
        {t("photosHere")}
        {bracketed(all.length)}
      </h3>
      {all.length === 0 && <p class="dim small">{t("nothingYet")}</p>}
      <ul class="gallery">
        {all.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              class="shot"
              aria-label={one.description || one.file_name}
              onClick={() => {
                openPhoto.value = one;
              }}
            >
              <img src={fileUrl(project, one.id)} alt="" loading="lazy" />
            </button>
            <span class="dim small">
              {one.description || one.added_by_name} · {when(one.taken_at ?? one.added_at)}
            </span>
          </li>
        ))}
      </ul>
      {openPhoto.value && <Large project={project} />}
    </div>
  );
}

/** Photos of the project that were kept without a place. */
function useWithoutPlace(project: string): readonly Attachment[] {
  const [found, setFound] = useState<readonly Attachment[]>([]);
  useEffect(() => {
    attachmentsOf(project, `project:${project}`)
      .then((all) => setFound(all.filter((one) => !one.pin && one.media_type.startsWith("image/"))))
      .catch(() => undefined); // without a connection those that are known stay
  }, [project, delivered.value]);
  return found;
}

export function Pick({
  label,
  camera = false,
  onFile,
}: {
  label: string;
  camera?: boolean;
  onFile: (file: File | undefined) => void;
}) {
  return (
    <label class={camera ? "filebutton strong" : "filebutton"}>
      <input
        type="file"
        accept="image/*"
        {...(camera ? { capture: "environment" } : {})}
        onChange={(e) => {
          onFile(e.currentTarget.files?.[0]);
          e.currentTarget.value = "";
        }}
      />
      <span>{label}</span>
    </label>
  );
}

function Draft({ work, photo }: { work: Workspace; photo: Photo & { url: string } }) {
  const project = work.project.id;
  const place = pointed.value;
  const element = place?.element ?? selected.value;
  const [records, setRecords] = useState<NcrLine[]>([]);
  const [subject, setSubject] = useState(`project:${project}`);
  useEffect(() => {
    setRecords([]);
    if (!element) return;
    recordsOf(project, element.globalId)
      .then((found) => setRecords(found.ncrs.filter((one) => isLive(one.state))))
      .catch(() => {});
  }, [project, element?.globalId]);
  const drop = () => {
    URL.revokeObjectURL(photo.url);
    taken.value = null;
    caption.value = "";
    pointed.value = null;
    pointing.value = false;
  };
  const told = place
    ? t("photoAt", {
        what: element?.name || t("model"),
        z: (place.position[2] + (work.scene?.origin_m[2] ?? 0)).toFixed(2),
      })
    : t("photoPoint");
  return (
    <Form
      button={t("photoSend")}
      work={async () => {
        const pin = place && work.scene ? { pin: pinOf(place, work.scene.origin_m) } : {};
        await attach(project, subject, photo.file, { description: caption.value, taken_at: photo.takenAt, ...pin });
        drop();
      }}
    >
      <img class="preview" src={photo.url} alt={t("photo")} />
      <p class="small dim">
        {photo.width} × {photo.height} · {photo.takenAt ? when(photo.takenAt) : t("photoNoTime")} · {t("photoPrivacy")}
      </p>
      {work.scene && (
        <div class={place ? "box counts" : "box next"}>
          <p role="status">
            {place ? "✓ " : "→ "}
            {told}
          </p>
          <button
            type="button"
            aria-pressed={pointing.value}
            onClick={() => {
              pointing.value = !pointing.value;
            }}
          >
            {t(place ? "photoPointAgain" : "photoPointNow")}
          </button>
        </div>
      )}
      <Text
        label={t("photoCaption")}
        value={caption.value}
        onValue={(text) => {
          caption.value = text;
        }}
      />
      {records.length > 0 && (
        <Choice
          label={t("photoBeside")}
          value={subject}
          onValue={setSubject}
          options={[
            [`project:${project}`, t("photoOfProject")],
            ...records.map((one) => [`ncr:${one.id}`, `${one.number || t("draft")} ${one.title}`] as const),
          ]}
        />
      )}
      <button type="button" onClick={drop}>
        {t("discard")}
      </button>
    </Form>
  );
}

/** One photo as large as the screen lets it be. */
function Large({ project }: { project: string }) {
  const one = openPhoto.value;
  if (!one) return null;
  const end = () => {
    openPhoto.value = null;
  };
  const record = one.subject.startsWith("ncr:") ? one.subject : "";
  return (
    <Dialog title={one.description || one.file_name} onEnd={end}>
      <div class="stack">
        <img class="large" src={fileUrl(project, one.id)} alt={one.description || one.file_name} />
        <p class="dim small">
          {one.added_by_name} · {when(one.taken_at ?? one.added_at)}
        </p>
        <div class="actions">
          <a class="button" href={fileUrl(project, one.id)} target="_blank" rel="noreferrer">
            {t("download")}
          </a>
          {one.pin?.global_id && (
            <button
              type="button"
              onClick={() => {
                select(one.pin?.global_id ?? "");
                end();
              }}
            >
              {t("showIn3d")}
            </button>
          )}
          {record && (
            <button
              type="button"
              onClick={() => {
                end();
                go({ record });
              }}
            >
              {word("kind", "ncr")}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
