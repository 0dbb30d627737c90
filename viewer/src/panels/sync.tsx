/** What is on its way to the server, and whether it answers: a sign at the top, a list behind it. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { session } from "../core/client";
import { asOf, connected } from "../core/connection";
import { type Key, t } from "../core/i18n";
import { discard, type Entry, flush, outbox, type Refusal, tryAgain } from "../core/outbox";
import { problemSaid } from "../core/problem-said";
import { go, place } from "../core/route";
import { signedNow, toSign } from "../core/to-sign";
import { Dialog } from "./dialog";
import { told } from "./sign-in";

const shown = signal(false);

/** The sign at the top; nothing while everything is sent and the server answers. */
export function SyncSign() {
  const failed = outbox.value.filter((one) => one.state === "failed").length;
  const left = outbox.value.length - failed;
  const sending = outbox.value.some((one) => one.state === "sending");
  const waits = toSign.value.length;
  const words = [
    connected.value ? "" : t("offlineNow"),
    waits > 0 ? t("toSignCount", { n: waits }) : "",
    failed > 0 ? t("changesFailed", { n: failed }) : "",
    left > 0 ? t(sending && connected.value ? "changesSending" : "changesWaiting", { n: left }) : "",
  ].filter(Boolean);
  return (
    <>
      <span class="unseen" role="status">
        {words.join(", ")}
      </span>
      {words.length > 0 && (
        <button
          type="button"
          class={failed > 0 ? "sync failed" : "sync"}
          onClick={() => {
            shown.value = true;
          }}
        >
          <span aria-hidden="true">{failed > 0 ? "!" : connected.value ? "⇡" : "⊘"}</span>
          <span>{words.join(" · ")}</span>
        </button>
      )}
      {shown.value && <SyncList />}
    </>
  );
}

function SyncList() {
  const end = () => {
    shown.value = false;
  };
  return (
    <Dialog title={t("changes")} onEnd={end}>
      <div class="stack">
        {!connected.value && <OfflineNote />}
        <ToSignList onEnd={end} />
        {outbox.value.length === 0 && <p class="empty">{t("allSent")}</p>}
        <ul class="plain">
          {outbox.value.map((entry) => (
            <Line key={entry.key} entry={entry} onEnd={end} />
          ))}
        </ul>
        {outbox.value.some((one) => one.state !== "failed") && (
          <button type="button" onClick={() => void flush()}>
            {t("sendNow")}
          </button>
        )}
      </div>
    </Dialog>
  );
}

/** What waits for a signature: opened from here, or given up. */
function ToSignList({ onEnd }: { onEnd: () => void }) {
  return (
    <ul class="plain">
      {toSign.value.map((one) => (
        <li key={one.record + one.event} class="box">
          <div class="between">
            <strong>{one.title}</strong>
            <span class="tag">{t("toSignTag")}</span>
          </div>
          <div class="actions">
            <button
              type="button"
              disabled={!connected.value}
              onClick={() => {
                onEnd();
                go({ project: one.project, record: one.record });
              }}
            >
              {t("signNow", { title: one.title })}
            </button>
            <button type="button" onClick={() => signedNow(one.record, one.event)}>
              {t("signNotNeeded")}
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Ask for what was to be signed, as soon as there is a connection and what it rests on has arrived. */
export function ToSignNote() {
  const ready = toSign.value.filter(
    (one) => place.value.record !== one.record && !outbox.value.some((each) => each.about === one.record),
  );
  if (!connected.value || !session.value?.csrf_token || ready.length === 0) return null;
  return (
    <div class="strip between" role="status">
      <span>{t("toSignNow")}</span>
      <span class="actions">
        {ready.map((one) => (
          <button
            key={one.record + one.event}
            type="button"
            onClick={() => go({ project: one.project, record: one.record })}
          >
            {t("signNow", { title: one.title })}
          </button>
        ))}
      </span>
    </div>
  );
}

/** Say that there is no connection, and of when what is shown is. */
export function OfflineNote() {
  if (connected.value) return null;
  const when = asOf.value && new Date(asOf.value).toLocaleString();
  return (
    <p class="strip" role="status">
      {when ? t("offlineAsOf", { when }) : t("offlineBare")}
    </p>
  );
}

function Line({ entry, onEnd }: { entry: Entry; onEnd: () => void }) {
  const [note, setNote] = useState("");
  const act = (work: () => Promise<unknown>, said = "") =>
    work()
      .then(() => setNote(said))
      .catch((error) => setNote(told(error)));
  const [what = "", id = ""] = entry.about.split(":");
  const where =
    what === "ncr" || what === "inspection"
      ? { record: entry.about }
      : what === "element"
        ? { element: id, record: "" }
        : { record: "" };
  return (
    <li class="box">
      <div class="between">
        <strong>{t(`change.${entry.kind}` as Key)}</strong>
        <span class={`tag ${entry.state}`}>{t(`sync.${entry.state}` as Key)}</span>
      </div>
      {entry.text && <p class="quoted">{entry.text}</p>}
      <p class="dim small">{new Date(entry.at).toLocaleString()}</p>
      {entry.refusal && (
        <p class="fault" role="alert">
          {reasonOf(entry.refusal)}
        </p>
      )}
      {entry.state === "failed" && (
        <div class="actions">
          <button type="button" onClick={() => act(() => tryAgain(entry))}>
            {t("sendAgain")}
          </button>
          <button
            type="button"
            onClick={() => {
              onEnd();
              go({ project: entry.project, ...where });
            }}
          >
            {t("showIt")}
          </button>
          {entry.text && (
            <button type="button" onClick={() => act(() => navigator.clipboard.writeText(entry.text), t("copiedText"))}>
              {t("copyText")}
            </button>
          )}
          <button type="button" class="danger" onClick={() => act(() => discard(entry.key))}>
            {t("discard")}
          </button>
        </div>
      )}
      {note && <p role="status">{note}</p>}
    </li>
  );
}

/** Return why a change was not taken, and what to do. */
export function reasonOf(refusal: Refusal): string {
  if (refusal.status === 412) return t("refusal.overtaken");
  if (refusal.kind === "too-old") return t("refusal.tooOld");
  if (refusal.status === 404) return t("refusal.gone");
  return problemSaid(refusal);
}

/** What waits about one record or element: seen where it will stand once it is sent. */
export function Pending({ about }: { about: string }) {
  const mine = outbox.value.filter((one) => one.about === about);
  if (mine.length === 0) return null;
  return (
    <ul class="plain">
      {mine.map((one) => (
        <li key={one.key}>
          <button
            type="button"
            class="line pending"
            onClick={() => {
              shown.value = true;
            }}
          >
            <strong>{t(`change.${one.kind}` as Key)}</strong>
            <span>{one.text}</span>
            <span class={`tag ${one.state}`}>{t(`sync.${one.state}` as Key)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
