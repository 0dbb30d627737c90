/** Signing out, and a new version: both end what is open, so both say what becomes of it. */
import { signal } from "@preact/signals";
import { signOut } from "../core/client";
import { t } from "../core/i18n";
import { renewed, takeOver } from "../core/install";
import { keptNow, lookAtKept } from "../core/offline";
import { discard, outbox, waiting } from "../core/outbox";
import { Dialog } from "./dialog";

const asking = signal(false);

export function Leave({ name, before }: { name: string; before?: () => void }) {
  async function leave() {
    before?.();
    const left = await waiting();
    await lookAtKept();
    if (left > 0 || keptNow.value.length > 0) asking.value = true;
    else await signOut();
  }
  return (
    <button type="button" class="quiet out" title={name} onClick={() => void leave()}>
      {t("signOut")}
    </button>
  );
}

/** Asks before something would be lost by signing out. */
export function AskBeforeLeaving() {
  if (!asking.value) return null;
  const n = outbox.value.length;
  const end = () => {
    asking.value = false;
  };
  const go = async () => {
    end();
    await signOut();
  };
  return (
    <Dialog title={t("leaving")} onEnd={end}>
      <div class="stack">
        {n > 0 && <p>{t("leavingWaiting", { n })}</p>}
        {keptNow.value.length > 0 && <p>{t("leavingKept")}</p>}
        <div class="actions">
          <button type="button" class="primary" onClick={end}>
            {t("stay")}
          </button>
          <button type="button" onClick={() => void go()}>
            {t("leaveAnyway")}
          </button>
          {n > 0 && (
            <button
              type="button"
              class="danger"
              onClick={async () => {
                for (const one of outbox.value) await discard(one.key);
                await go();
              }}
            >
              {t("leaveDiscard")}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

/** Shown once a new version lies ready. */
export function NewVersion() {
  if (!renewed.value) return null;
  return (
    <p class="strip between" role="status">
      {t("newVersion")}
      <button type="button" onClick={takeOver}>
        {t("reloadNow")}
      </button>
    </p>
  );
}
