/** The interface: who is signed in, where they are, and what they see there. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asked as askedAhead } from "./core/ahead";
import { followSession, Problem, session, signedOut, whoAmI } from "./core/client";
import { onReturn, watchConnection } from "./core/connection";
import { language, speak, t } from "./core/i18n";
import { installWorker } from "./core/install";
import { watchOutbox } from "./core/outbox";
import { go, place } from "./core/route";
import { workspace } from "./core/state";
import { watchToSign } from "./core/to-sign";
import { restore, saysMore } from "./core/view-state";
import { Help } from "./panels/help";
import { AskBeforeLeaving, Leave, NewVersion } from "./panels/leave";
import { Failed, Loading } from "./panels/notices";
import { EpochChoice, Project } from "./panels/project";
import { Projects } from "./panels/projects";
import { NewPassword, SignIn } from "./panels/sign-in";
import { dress, Switches, theme } from "./panels/switches";
import { OfflineNote, SyncSign, ToSignNote } from "./panels/sync";
import { Tour } from "./panels/tour";

function App() {
  const [fault, setFault] = useState<Problem | null>(null);
  const [asked, setAsked] = useState(false);
  const look = (who = whoAmI()) => {
    setFault(null);
    who
      .catch((error) => setFault(error instanceof Problem ? error : new Problem(0, "offline", String(error))))
      .finally(() => setAsked(true));
  };
  useEffect(() => look(askedAhead()), []);
  if (fault) return <Failed problem={fault} again={() => look()} />;
  if (!asked) return <Loading />;
  const me = session.value;
  if (!me) return <SignIn />;
  if (me.user.must_change_password) return <NewPassword />;
  const inside = place.value.project !== "";
  const name = inside && workspace.value.kind === "ready" ? workspace.value.value.project.name : "";
  return (
    <div class={inside ? "shell inside" : "shell"}>
      <header class="top">
        <a
          class="home"
          href="/"
          aria-label={`qtems – ${t("projects")}`}
          onClick={(event) => {
            event.preventDefault();
            go({ project: "", epoch: "", check: "", element: "", filter: "", colour: "", record: "" });
          }}
        >
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>qtems</span>
        </a>
        {name && <h1 class="title">{name}</h1>}
        {inside && <EpochChoice />}
        <span class="grow" />
        <SyncSign />
        <Switches />
        <Leave name={me.user.name} />
        <Help />
      </header>
      <NewVersion />
      <OfflineNote />
      <ToSignNote />
      {inside ? <Project /> : <Projects />}
      {inside && workspace.value.kind === "ready" && !signedOut.value && <Tour />}
      <AskBeforeLeaving />
      {signedOut.value && <SignIn again />}
    </div>
  );
}

const asked = location.search;
followSession();
watchConnection();
watchOutbox();
watchToSign();
installWorker();
onReturn(() => session.value && !session.value.csrf_token && void whoAmI().catch(() => null));
if (saysMore(asked)) restore(asked);
speak(language.value);
dress(theme.value);
const root = document.getElementById("app");
if (root) render(<App />, root);
