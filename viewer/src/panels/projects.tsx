/** The projects somebody takes part in. */

import { useEffect, useState } from "preact/hooks";
import { list, Problem, type Schemas } from "../core/client";
import { t } from "../core/i18n";
import { mayFound } from "../core/permits";
import { go } from "../core/route";
import type { Loaded } from "../core/state";
import { Dialog } from "./dialog";
import { PartFailed, useLate } from "./late";
import { Failed, Loading } from "./notices";

export function Projects() {
  const [state, setState] = useState<Loaded<Schemas["ProjectOut"][]>>({
    kind: "loading",
  });
  const load = () => {
    setState({ kind: "loading" });
    list<Schemas["ProjectOut"]>("/projects")
      .then((value) => setState({ kind: "ready", value }))
      .catch((error) =>
        setState({
          kind: "failed",
          problem: error instanceof Problem ? error : new Problem(0, "offline", String(error)),
        }),
      );
  };
  useEffect(load, []);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={load} />;
  return (
    <main class="page">
      <div class="between">
        <h1>{t("projects")}</h1>
        {mayFound() && state.value.length > 0 && <Founding />}
      </div>
      {state.value.length === 0 && (
        <div class="first">
          <p class="dim">{t(mayFound() ? "noProjectsFound" : "noProjects")}</p>
          {mayFound() && <Founding />}
        </div>
      )}
      <ul class="cards">
        {state.value.map((project) => (
          <li key={project.id}>
            <a
              class="card"
              href={`/projects/${project.id}`}
              onClick={(event) => {
                event.preventDefault();
                go({ project: project.id, epoch: "", check: "", element: "", filter: "" });
              }}
            >
              <strong>{project.name}</strong>
              <span class="dim">{project.key}</span>
            </a>
          </li>
        ))}
      </ul>
    </main>
  );
}

/** The way to a new project; its form comes when it is wanted. */
function Founding() {
  const [open, setOpen] = useState(false);
  const end = () => setOpen(false);
  const { shown: Form, again } = useLate(
    "new-project",
    open ? async () => (await import("./new-project")).NewProject : null,
  );
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        {t("newProject")}
      </button>
      {open && Form && <Form onEnd={end} />}
      {open && again && (
        <Dialog title={t("newProject")} onEnd={end}>
          <PartFailed again={again} />
        </Dialog>
      )}
    </>
  );
}
