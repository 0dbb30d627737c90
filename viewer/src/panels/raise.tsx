/** A nonconformance that somebody raises about an element: what is wrong, how severe, and a photo. */
import { useRef, useState } from "preact/hooks";
import type { ElementRow } from "../core/elements";
import { t, word } from "../core/i18n";
import { newKey } from "../core/keys";
import { type Draft, raise, type Severity, unsent } from "../core/records";
import { Dialog } from "./dialog";
import { told } from "./sign-in";

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
                {word("severity", one)}
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
