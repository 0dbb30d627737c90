/** Keeping a project on the device, and what else is kept there. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../core/client";
import { connected } from "../core/connection";
import { t } from "../core/i18n";
import { offer } from "../core/install";
import {
  canKeep,
  keep,
  keeping,
  keptNow,
  lookAtKept,
  megabytes,
  type Plan,
  planOf,
  room,
  unkeep,
} from "../core/offline";
import type { Workspace } from "../core/state";
import { told } from "./sign-in";

export function Keep({ work }: { work: Workspace }) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [fault, setFault] = useState("");
  const [space, setSpace] = useState<{ used: number; most: number } | null>(null);
  const abort = useRef<AbortController | null>(null);
  const online = connected.value;
  const look = () => {
    void lookAtKept();
    void room().then(setSpace);
  };
  useEffect(look, []);
  useEffect(() => {
    setPlan(null);
    if (online && canKeep()) planOf(work).then(setPlan, (error) => setFault(told(error)));
  }, [work, online]);

  async function begin(wanted: Plan) {
    setFault("");
    abort.current = new AbortController();
    try {
      await keep(work, wanted, abort.current.signal);
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === "AbortError";
      const full = error instanceof Problem && error.kind === "no-room";
      setFault(stopped ? "" : full ? t("keepNoRoom") : told(error));
    }
    look();
  }

  const here = keptNow.value.find((one) => one.id === work.project.id);
  const others = keptNow.value.filter((one) => one.id !== work.project.id);
  const share = keeping.value;
  return (
    <div class="stack">
      <h3>{t("keepProject")}</h3>
      {!("serviceWorker" in navigator) ? (
        <p>{t("keepCannot")}</p>
      ) : !canKeep() ? (
        <p>{t("keepNotYet")}</p>
      ) : (
        <>
          {here && here.bytes > 0 && share === null && (
            <p role="status">
              <span aria-hidden="true">✓ </span>
              {t("keptSince", { when: new Date(here.at).toLocaleString(), size: megabytes(here.bytes) })}
            </p>
          )}
          {share !== null ? (
            <>
              <label class="stack">
                {t("keepBusy", { share: Math.round(100 * share) })}
                <progress max={1} value={share} />
              </label>
              <button type="button" onClick={() => abort.current?.abort()}>
                {t("keepStop")}
              </button>
            </>
          ) : plan ? (
            <>
              <p class="dim">{t("keepWhat", { size: megabytes(plan.bytes) })}</p>
              <button type="button" class="primary" onClick={() => void begin(plan)}>
                {t(here ? "keepAgain" : "keepNow", { size: megabytes(plan.bytes) })}
              </button>
            </>
          ) : online ? (
            !fault && <p class="dim">{t("keepSizing")}</p>
          ) : (
            <p class="dim">{t("offlineBare")}</p>
          )}
          {here && share === null && (
            <button type="button" onClick={() => void unkeep(work.project.id).then(look)}>
              {t("keepRemove")}
            </button>
          )}
        </>
      )}
      <p class="fault" role="alert">
        {fault}
      </p>
      {others.length > 0 && (
        <>
          <h3>{t("keptOthers")}</h3>
          <ul class="plain">
            {others.map((one) => (
              <li key={one.id} class="box between">
                <span>
                  {one.name} <span class="dim small">{megabytes(one.bytes)}</span>
                </span>
                <button type="button" onClick={() => void unkeep(one.id).then(look)}>
                  {t("keepRemove")}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {space && <p class="dim small">{t("roomUsed", { used: megabytes(space.used), most: megabytes(space.most) })}</p>}
      {offer.value && (
        <button type="button" onClick={() => offer.value?.()}>
          {t("install")}
        </button>
      )}
    </div>
  );
}
