/** Signing in, also again over what is open: nothing that was entered is lost. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Problem, session, signIn, whoAmI } from "../core/client";
import { t } from "../core/i18n";
import { problemSaid } from "../core/problem-said";
import { changePassword } from "../core/state";
import { useModal } from "./modal";
import { Password } from "./password";
import { Switches } from "./switches";

export function SignIn({ again = false }: { again?: boolean }) {
  const [login, setLogin] = useState(again ? (session.peek()?.user.login ?? "") : "");
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);

  async function enter(event: Event) {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      await signIn(login, password);
    } catch (error) {
      setFault(error instanceof Problem && error.kind === "not-identified" ? t("wrongLogin") : told(error));
    } finally {
      setBusy(false);
    }
  }

  // over what is open, also over a dialog: only another dialog is above it
  const Frame = again ? Veil : "main";
  return (
    <Frame class={again ? "veil" : "front"}>
      <form class="card enter" onSubmit={enter} aria-busy={busy}>
        <Brand />
        {again && <p role="status">{t("signInAgain")}</p>}
        <label>
          {t("login")}
          <input
            name="login"
            autocomplete="username"
            required
            value={login}
            onInput={(e) => setLogin(e.currentTarget.value)}
          />
        </label>
        <Password label={t("password")} name="password" value={password} set={setPassword} />
        <p class="fault" role="alert">
          {fault}
        </p>
        <button class="primary" type="submit" disabled={busy}>
          {t("signIn")}
        </button>
        <Switches />
      </form>
    </Frame>
  );
}

function Veil(asked: { class: string; children: ComponentChildren }) {
  const frame = useModal();
  return (
    <dialog ref={frame} class={asked.class} aria-label={t("signIn")} onCancel={(event) => event.preventDefault()}>
      {asked.children}
    </dialog>
  );
}

/** The first thing after a one-time password. */
export function NewPassword() {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [fault, setFault] = useState("");

  async function change(event: Event) {
    event.preventDefault();
    try {
      await changePassword(current, fresh);
      session.value = null;
      await whoAmI();
    } catch (error) {
      setFault(told(error));
    }
  }

  return (
    <main class="front">
      <form class="card enter" onSubmit={change}>
        <Brand />
        <p>{t("passwordRule")}</p>
        <Password label={t("currentPassword")} value={current} set={setCurrent} />
        <Password label={t("newPassword")} kind="new-password" value={fresh} set={setFresh} />
        <p class="fault" role="alert">
          {fault}
        </p>
        <button class="primary" type="submit">
          {t("changePassword")}
        </button>
      </form>
    </main>
  );
}

function Brand() {
  return (
    <header class="brand">
      <img src="/icon.svg" alt="" width="40" height="40" />
      <div>
        <h1>qtems</h1>
        <p>{t("tagline")}</p>
      </div>
    </header>
  );
}

export function told(error: unknown): string {
  return error instanceof Problem ? problemSaid(error) : String(error);
}
