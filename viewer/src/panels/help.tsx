/** Help, and on small screens the menu: who one is here, language and colours, keys, the tour, signing out. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { list, type Schemas, session } from "../core/client";
import { type Key, t } from "../core/i18n";
import { workspace } from "../core/state";
import { Dialog } from "./dialog";
import { Leave } from "./leave";
import { Switches } from "./switches";
import { beginTour } from "./tour";

const shown = signal(false);

export function Help() {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") shown.value = true;
      const search = event.key === "/" && document.querySelector<HTMLInputElement>("input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <button
        type="button"
        class="quiet helps"
        aria-label={t("helpMenu")}
        title={t("helpMenu")}
        onClick={() => {
          shown.value = true;
        }}
      >
        <span class="on-desk" aria-hidden="true">
          ?
        </span>
        <span class="on-phone" aria-hidden="true">
          ☰
        </span>
      </button>
      {shown.value && <HelpDialog />}
    </>
  );
}

function HelpDialog() {
  const end = () => {
    shown.value = false;
  };
  const inside = workspace.value.kind === "ready";
  const me = session.value?.user;
  return (
    <Dialog title={t("helpTitle")} onEnd={end}>
      <div class="stack">
        <div class="between on-phone">
          <strong>{me?.name || me?.login}</strong>
          <span class="inline">
            <Switches />
            <Leave name={me?.name ?? ""} before={end} />
          </span>
        </div>
        {inside && (
          <button
            type="button"
            class="primary"
            onClick={() => {
              end();
              beginTour();
            }}
          >
            {t("tourStart")}
          </button>
        )}
        {inside && <Role />}
        <section class="on-desk">
          <h3>{t("shortcuts")}</h3>
          <dl class="facts">
            {(["search", "table", "close", "help"] as const).map((one) => (
              <>
                <dt>
                  <kbd>{{ search: "/", table: "↑ ↓", close: "Esc", help: "?" }[one]}</kbd>
                </dt>
                <dd>{t(`keys.${one}`)}</dd>
              </>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

/** What the person may do in this project; nothing where the server does not tell. */
function Role() {
  const [role, setRole] = useState("");
  const project = workspace.value.kind === "ready" ? workspace.value.value.project.id : "";
  useEffect(() => {
    list<Schemas["MemberOut"]>(`/projects/${project}/members`)
      .then((all) => setRole(all.find((one) => one.user === session.value?.user.id && one.active)?.role ?? ""))
      .catch(() => setRole(""));
  }, [project]);
  if (!role) return null;
  return (
    <section>
      <h3>{t("roles")}</h3>
      <p>{t(`mayDo.${role}` as Key)}</p>
    </section>
  );
}
