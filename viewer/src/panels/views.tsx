/** Saved views: keep the present one by a name, go to one, send a link. */
import { useRef, useState } from "preact/hooks";
import type { Problem } from "../core/client";
import { t } from "../core/i18n";
import { newKey } from "../core/keys";
import { unsent } from "../core/records";
import { place, written } from "../core/route";
import type { Workspace } from "../core/state";
import { described, forLink, restore } from "../core/view-state";
import { dropView, keepView, type SavedView, viewsOf } from "../core/views";
import { problemOf, useAsked } from "./asked";
import { Failed, Loading, Refusal } from "./notices";

export function Views({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => viewsOf(project), [project]);
  return (
    <div class="stack">
      <CopyLink />
      <Keep project={project} onKept={again} />
      {state.kind === "loading" && <Loading />}
      {state.kind === "failed" && <Failed problem={state.problem} again={again} />}
      {state.kind === "ready" && state.value.length === 0 && <p class="empty">{t("noViews")}</p>}
      {state.kind === "ready" && (
        <ul class="plain">
          {state.value.map((view) => (
            <Line key={view.id} project={project} view={view} onDropped={again} />
          ))}
        </ul>
      )}
    </div>
  );
}

function CopyLink() {
  const [link, setLink] = useState<{ text: string; copied: boolean } | null>(null);
  const copy = async () => {
    const address = written({ ...place.peek(), epoch: "", element: "", colour: "", filter: "", record: "" });
    const text = `${location.origin}${address}?${forLink(described())}`;
    const copied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    setLink({ text, copied: copied ?? false });
  };
  return (
    <div class="stack">
      <button type="button" class="wide" onClick={() => void copy()}>
        {t("copyLink")}
      </button>
      <p class="small" role="status">
        {link?.copied && t("copied")}
      </p>
      {link && !link.copied && (
        <input readOnly value={link.text} aria-label={t("copyLink")} onFocus={(e) => e.currentTarget.select()} />
      )}
    </div>
  );
}

function Keep({ project, onKept }: { project: string; onKept: () => void }) {
  const slot = `view.${project}`;
  const [name, setName] = useState(unsent.read(slot));
  const [shared, setShared] = useState(false);
  const [fault, setFault] = useState<Problem | null>(null);
  const key = useRef(newKey());
  const send = async (event: Event) => {
    event.preventDefault();
    try {
      await keepView(project, name, described(), shared, key.current);
      key.current = newKey();
      unsent.keep(slot, "");
      setName("");
      setFault(null);
      onKept();
    } catch (error) {
      setFault(problemOf(error));
    }
  };
  return (
    <form class="box" onSubmit={(event) => void send(event)}>
      <label class="stack">
        {t("viewName")}
        <input
          required
          maxLength={120}
          value={name}
          onInput={(e) => {
            setName(e.currentTarget.value);
            unsent.keep(slot, e.currentTarget.value);
            key.current = newKey();
          }}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={shared}
          onChange={(e) => {
            setShared(e.currentTarget.checked);
            key.current = newKey();
          }}
        />
        {t("viewShared")}
      </label>
      <button type="submit" class="primary">
        {t("keepView")}
      </button>
      <Refusal fault={fault} />
    </form>
  );
}

function Line({ project, view, onDropped }: { project: string; view: SavedView; onDropped: () => void }) {
  const [fault, setFault] = useState<Problem | null>(null);
  return (
    <li>
      <div class="between">
        <button type="button" class="line grow" onClick={() => restore(view.place)}>
          <strong>{view.name}</strong>
          <span class="dim small">
            {view.shared ? t("viewOf", { who: view.owner_name }) : t("viewMine")} · {view.kept_at.slice(0, 10)}
          </span>
        </button>
        {view.mine && (
          <button
            type="button"
            class="quiet"
            aria-label={t("dropView", { name: view.name })}
            title={t("dropView", { name: view.name })}
            onClick={() =>
              void dropView(project, view)
                .then(onDropped)
                .catch((error) => setFault(problemOf(error)))
            }
          >
            ✕
          </button>
        )}
      </div>
      <Refusal fault={fault} />
    </li>
  );
}
