/** What people decide about an element: findings to confirm or dismiss, nonconformance records to raise and follow. */
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ElementRow } from "../core/elements";
import { type Key, t } from "../core/i18n";
import { newKey } from "../core/keys";
import { delivered, outbox } from "../core/outbox";
import { type Offered, offeredIn, whoMay } from "../core/permits";
import {
  confirm,
  type Draft,
  dismiss,
  draftOf,
  type ElementRecords,
  type Finding,
  raise,
  recordsOf,
  type Severity,
  unsent,
} from "../core/records";
import { told } from "./sign-in";
import { Pending } from "./sync";

const MOST_PICTURES = 4;

export function Records({ project, row }: { project: string; row: ElementRow }) {
  const [all, setAll] = useState<ElementRecords | null>(null);
  const [fault, setFault] = useState("");
  const [shown, setShown] = useState("");
  const [raising, setRaising] = useState(false);
  const [offered, setOffered] = useState<Offered | null>(null);
  useEffect(() => {
    let latest = true;
    void offeredIn(project).then((found) => latest && setOffered(() => found));
    return () => {
      latest = false;
    };
  }, [project]);

  const asked = useRef(0);
  const load = () => {
    asked.current += 1;
    const mine = asked.current;
    setFault("");
    recordsOf(project, row.globalId)
      .then((found) => mine === asked.current && setAll(found))
      .catch((error) => mine === asked.current && setFault(told(error)));
  };
  useEffect(() => setAll(null), [project, row.globalId]);
  useEffect(load, [project, row.globalId, delivered.value]);

  async function decide(work: () => Promise<unknown>) {
    setFault("");
    try {
      await work();
      load();
    } catch (error) {
      setFault(told(error));
    }
  }

  return (
    <section class="records">
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {all && all.findings.length > 0 && <h3>{t("finding")}</h3>}
      {all?.findings.map((finding) => (
        <FindingCard
          key={finding.id}
          finding={finding}
          mine={offered?.("finding.triage") ?? null}
          onConfirm={() => decide(() => confirm(project, finding))}
          onDismiss={(reason) => decide(() => dismiss(project, finding, reason))}
        />
      ))}
      {all && all.pictures.length > 0 && <h3>{t("pictures")}</h3>}
      <div class="pictures">
        {all?.pictures.slice(0, MOST_PICTURES).map((one) => (
          <figure key={one.url}>
            <a href={one.url} target="_blank" rel="noopener">
              <img
                src={one.url}
                alt={t("pictureOf", { what: said("cause", one.kind), name: row.name || row.globalId })}
                loading="lazy"
                onError={(e) => e.currentTarget.closest("figure")?.remove()}
              />
            </a>
            <figcaption class="dim small">
              {said("cause", one.kind)} · {one.raisedAt.slice(0, 10)}
            </figcaption>
          </figure>
        ))}
      </div>
      <h3>{t("ncrs")}</h3>
      <Pending about={`element:${row.globalId}`} />
      <ul class="plain">
        {all?.ncrs.map((ncr) => (
          <li key={ncr.id}>
            <button type="button" class="line" onClick={() => setShown(ncr.id)}>
              <strong>{ncr.number || t("draft")}</strong>
              <span>{ncr.title}</span>
              {(ncr.number || ncr.state !== "draft") && <span class="tag">{said("ncr", ncr.state)}</span>}
            </button>
          </li>
        ))}
      </ul>
      {offered?.("ncr.raise") && (
        <button type="button" class="wide" onClick={() => setRaising(true)}>
          {t("raiseNcr")}
        </button>
      )}
      {raising && (
        <RaiseForm
          project={project}
          row={row}
          {...(all?.findings[0] ? draftOf(all.findings[0], row) : {})}
          onEnd={(made) => {
            setRaising(false);
            if (made) load();
          }}
        />
      )}
      {shown && (
        <NcrCard
          project={project}
          id={shown}
          onEnd={() => {
            setShown("");
            load();
          }}
        />
      )}
    </section>
  );
}

interface Found {
  finding: Finding;
  /** Whether who looks may decide it; null while that is not known. */
  mine: boolean | null;
  onConfirm: () => void;
  onDismiss: (reason: string) => void;
}

function FindingCard(asked: Found) {
  const { finding } = asked;
  const name = `dismiss.${finding.id}`;
  const [reason, setReason] = useState(unsent.read(name));
  const [asking, setAsking] = useState(reason !== "");
  const decided = outbox.value.some((one) => one.about === `finding:${finding.id}`);
  return (
    <div class="box">
      <div class="between">
        <strong>{said("cause", finding.kind)}</strong>
        <span class="tag">{said("severity", finding.severity)}</span>
      </div>
      {finding.global_ids.length > 1 && (
        <p class="dim small">{t("withOthers", { n: finding.global_ids.length - 1 })}</p>
      )}
      {decided ? (
        <Pending about={`finding:${finding.id}`} />
      ) : asked.mine === null ? null : !asked.mine ? (
        <p class="dim small">{t("findingNot", { who: whoMay("finding.triage").map(roleSaid).join(", ") })}</p>
      ) : asking ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            asked.onDismiss(reason);
          }}
        >
          <label class="stack">
            {t("reason")}
            <textarea
              required
              rows={2}
              value={reason}
              onInput={(e) => {
                setReason(e.currentTarget.value);
                unsent.keep(name, e.currentTarget.value);
              }}
            />
          </label>
          <div class="actions">
            <button type="submit" class="primary">
              {t("dismiss")}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              {t("cancel")}
            </button>
          </div>
        </form>
      ) : (
        <div class="actions">
          {finding.may.includes("confirm") && (
            <button type="button" class="primary" onClick={asked.onConfirm}>
              {t("confirm")}
            </button>
          )}
          {finding.may.includes("dismiss") && (
            <button type="button" onClick={() => setAsking(true)}>
              {t("dismiss")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** A dialog of the browser itself: it holds the focus and closes with Escape. */
export function Dialog({ title, onEnd, children }: { title: string; onEnd: () => void; children: ComponentChildren }) {
  const frame = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  useEffect(() => {
    const node = frame.current;
    const before = document.activeElement;
    node?.showModal();
    return () => {
      gone.current = true;
      node?.close();
      if (before instanceof HTMLElement) queueMicrotask(() => before.focus()); // not by close: it is gone by then
    };
  }, []);
  return (
    <dialog ref={frame} class="card dialog" aria-label={title} onClose={() => gone.current || onEnd()}>
      <header class="between">
        <h2>{title}</h2>
        <button type="button" class="quiet" aria-label={t("close")} onClick={() => frame.current?.close()}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

export interface Raising {
  project: string;
  row: Pick<ElementRow, "globalId" | "name">;
  /** What is known of it already: in the form, to be changed, and beside it. */
  told?: Partial<Draft>;
  more?: { evidence?: readonly object[] };
  onEnd: (made: boolean) => void;
}

export function RaiseForm({ project, row, told: known = {}, more = {}, onEnd }: Raising) {
  const name = `raise.${row.globalId}`;
  const kept = unsent.read(name);
  const [draft, setDraft] = useState<Draft>(
    kept ? JSON.parse(kept) : { title: "", severity: "major", description: "", ...known },
  );
  const [fault, setFault] = useState("");
  const [photo, setPhoto] = useState<File | null>(null);
  const key = useRef(newKey());
  const set = (change: Partial<Draft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    unsent.keep(name, JSON.stringify(next));
  };
  async function take(file: File | undefined) {
    setPhoto(file ? await made(file) : null);
  }
  async function send(event: Event) {
    event.preventDefault();
    try {
      await raise(project, row.globalId, draft, key.current, photo, more);
      onEnd(true);
    } catch (error) {
      setFault(told(error));
    }
  }
  return (
    <Dialog title={t("raiseNcr")} onEnd={() => onEnd(false)}>
      <form class="stack" onSubmit={send}>
        <p class="dim">{row.name || row.globalId}</p>
        <label class="stack">
          {t("title")}
          <input required maxLength={200} value={draft.title} onInput={(e) => set({ title: e.currentTarget.value })} />
        </label>
        <label class="stack">
          {t("severity")}
          <select value={draft.severity} onChange={(e) => set({ severity: e.currentTarget.value as Severity })}>
            {(["minor", "major", "critical"] as const).map((one) => (
              <option key={one} value={one}>
                {said("severity", one)}
              </option>
            ))}
          </select>
        </label>
        <label class="stack">
          {t("description")}
          <textarea rows={4} value={draft.description} onInput={(e) => set({ description: e.currentTarget.value })} />
        </label>
        <label class="filebutton">
          <input type="file" accept="image/*" onChange={(e) => void take(e.currentTarget.files?.[0])} />
          <span>{photo ? t("photoChosen", { name: photo.name }) : t("photoAdd")}</span>
        </label>
        <p class="fault" role="alert">
          {fault}
        </p>
        <button type="submit" class="primary">
          {t("raiseNcr")}
        </button>
      </form>
    </Dialog>
  );
}

/** Return a photo as it is sent, made small; as it is where the browser cannot read it. */
async function made(file: File): Promise<File> {
  try {
    const { prepared } = await import("../core/photos");
    return (await prepared(file)).file;
  } catch {
    return file;
  }
}

/** One nonconformance record over everything; fetched when one is first opened. */
export function NcrCard(asked: { project: string; id: string; onEnd: () => void }) {
  const [Card, setCard] = useState<ComponentType<typeof asked> | null>(null);
  useEffect(() => {
    void import("./ncr-card").then((part) => setCard(() => part.NcrCard));
  }, []);
  return Card && <Card {...asked} />;
}

const roleSaid = (role: string) => t(`role.${role}` as Key);

/** Return the word for a machine's word of records. */
function said(kind: "ncr" | "severity" | "cause", value: string): string {
  return t(`${kind}.${value}` as Key);
}
