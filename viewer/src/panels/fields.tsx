/** Fields of forms: labelled, large enough for a finger, and what is in them outlives a reload until it was sent. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem, session } from "../core/client";
import { connected } from "../core/connection";
import { t } from "../core/i18n";
import { allMissing } from "../core/missing";
import { unsent } from "../core/records";
import { signedNow, signLater, type ToSign, toSign } from "../core/to-sign";
import { Password } from "./password";
import { told } from "./sign-in";

/** State that is kept until it was sent; `forget` after that. What was not touched is what `initial` says now, so that a
 * form that was sent shows what the server made of it. */
export function useKept<T extends object>(name: string, initial: T) {
  const read = (): Partial<T> => {
    try {
      return JSON.parse(unsent.read(name) || "{}");
    } catch {
      return {};
    }
  };
  const [touched, setTouched] = useState<Partial<T>>(read);
  useEffect(() => setTouched(read()), [name]);
  const set = (change: Partial<T>) => {
    setTouched((before) => {
      const next = { ...before, ...change };
      unsent.keep(name, JSON.stringify(next));
      return next;
    });
  };
  const forget = () => {
    unsent.keep(name, "");
    setTouched({});
  };
  return { value: { ...initial, ...touched }, set, forget };
}

interface Labelled {
  label: string;
  value: string;
  onValue: (value: string) => void;
  required?: boolean;
}

export function Text({
  label,
  value,
  onValue,
  required = false,
  type = "text",
  ...more
}: Labelled & {
  type?: "text" | "date" | "datetime-local";
  inputMode?: "decimal" | "text";
  placeholder?: string;
  name?: string;
}) {
  return (
    <label class="stack">
      {label}
      <input
        {...({ type } as object)}
        required={required}
        value={value}
        onInput={(e) => onValue(e.currentTarget.value)}
        {...more}
      />
    </label>
  );
}

/** A decimal number: a comma counts as a point. */
export function Amount(asked: Labelled & { placeholder?: string }) {
  return (
    <Text
      {...asked}
      inputMode="decimal"
      onValue={(text) => asked.onValue(text.replace(",", ".").replace(/[^0-9.+-]/g, ""))}
    />
  );
}

export function Prose({ label, value, onValue, required = false, rows = 2 }: Labelled & { rows?: number }) {
  return (
    <label class="stack">
      {label}
      <textarea rows={rows} required={required} value={value} onInput={(e) => onValue(e.currentTarget.value)} />
    </label>
  );
}

export function Choice({
  label,
  value,
  onValue,
  required = false,
  options,
}: Labelled & {
  options: readonly (readonly [string, string])[];
}) {
  return (
    <label class="stack">
      {label}
      <select value={value} required={required} onChange={(e) => onValue(e.currentTarget.value)}>
        {options.map(([one, said]) => (
          <option key={one} value={one}>
            {said}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Tick({ label, value, onValue }: { label: string; value: boolean; onValue: (value: boolean) => void }) {
  return (
    <label class="tick">
      <input type="checkbox" checked={value} onChange={(e) => onValue(e.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** A form that says what went wrong in place and keeps what was entered. */
export function Form({
  button,
  work,
  children,
  disabled = false,
  lacks = "",
  quiet = false,
}: {
  button: string;
  work: () => Promise<unknown>;
  children?: ComponentChildren;
  disabled?: boolean;
  /** What is still missing: said when it is sent all the same. */
  lacks?: string;
  quiet?: boolean;
}) {
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  async function send(event: Event) {
    event.preventDefault();
    if (busy) return;
    setFault(lacks);
    if (lacks) return;
    setBusy(true);
    try {
      await work();
    } catch (error) {
      setFault(explained(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <form class="stack" onSubmit={send} aria-busy={busy}>
      {children}
      <p class="fault" role="alert">
        {fault}
      </p>
      <button type="submit" class={quiet ? "" : "primary"} disabled={disabled || busy}>
        {button}
      </button>
    </form>
  );
}

/** What went wrong, with what is missing; an overtaken change is explained by the record itself. */
export function explained(error: unknown): string {
  if (error instanceof Problem && error.kind === "wrong-password") return t("wrongPassword");
  if (error instanceof Problem && error.status === 412) return t("changedMeanwhile");
  if (error instanceof Problem && error.missing.length > 0) return t("needs", { what: allMissing(error.missing) });
  return told(error);
}

/** The password again, with what the signature means (21 CFR 11.50, 11.200). The password is kept nowhere.
 *
 * Without a connection nothing can be signed: it is noted down, where `later` says what, and asked for afterwards.
 */
export function Signing({
  meaning,
  button,
  work,
  children,
  disabled = false,
  later,
}: {
  meaning: string;
  button?: string;
  work: (password: string) => Promise<unknown>;
  children?: ComponentChildren;
  disabled?: boolean;
  later?: Omit<ToSign, "at">;
}) {
  const [password, setPassword] = useState("");
  if (!connected.value) return <SignLater {...(later ? { later } : {})}>{children}</SignLater>;
  return (
    <Form
      button={button ?? t("sign")}
      disabled={disabled}
      work={async () => {
        try {
          await work(password);
          if (later) signedNow(later.record, later.event);
        } finally {
          setPassword("");
        }
      }}
    >
      {children}
      <div class="signing stack">
        <p>{t("signing", { name: session.value?.user.name ?? "", meaning })}</p>
        <Password class="stack" label={t("signPassword")} name="signature" value={password} set={setPassword} />
        <p class="dim small">{t("signRule")}</p>
      </div>
    </Form>
  );
}

function SignLater({ later, children }: { later?: Omit<ToSign, "at">; children?: ComponentChildren }) {
  const noted = toSign.value.some((one) => one.record === later?.record && one.event === later.event);
  return (
    <div class="stack">
      {children}
      <div class="signing stack">
        <p>{t("signNeedsServer")}</p>
        <p role="status">{noted && `✓ ${t("signNoted")}`}</p>
        {later && !noted && (
          <button type="button" onClick={() => signLater(later)}>
            {t("signLater")}
          </button>
        )}
      </div>
    </div>
  );
}

/** A moment as people here write it. */
export function when(moment: string | null | undefined): string {
  if (!moment) return "–";
  const at = new Date(moment);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
