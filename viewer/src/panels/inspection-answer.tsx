/** One question about one element: what it asks, the answer there is, and the form that takes one.
 *
 * Whether an answer conforms is said by the server alone; what waits here is not judged.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { session } from "../core/client";
import { connected } from "../core/connection";
import { bracketed, colon, listed, t, word } from "../core/i18n";
import {
  bodyOf,
  type Cell,
  type Draft,
  draftName,
  draftOf,
  EMPTY,
  type Inspection,
  inspectionAt,
  isFilled,
  isMine,
  judged,
  keepPhotos,
  keptPhotos,
  type Question,
  raisedFrom,
  type Shown,
  sendAnswer,
  type Verdict,
} from "../core/inspection";
import { missingSaid } from "../core/missing";
import { discard } from "../core/outbox";
import { prepared } from "../core/photos";
import { unsent } from "../core/records";
import type { Workspace } from "../core/state";
import { characteristic, source } from "../core/terms";
import { Amount, Choice, Form, Prose, Text, Tick, useKept, when } from "./fields";
import { Pick } from "./photos";
import { RaiseForm } from "./raise";
import { reasonOf } from "./sync";
import { Sign } from "./table";

interface Answering {
  work: Workspace;
  inspection: Inspection;
  shown: Shown;
  cell: Cell;
  name: string;
  may: boolean;
}

export function Answer(asked: Answering) {
  const { inspection, cell, may, shown } = asked;
  const { question, globalId, reading, pending } = cell;
  const draft = draftName(inspection.id, question.id, globalId);
  const [correcting, setCorrecting] = useState(false);
  const begun = unsent.read(draft) !== "";
  const form = may && (correcting || begun || (!reading && !pending));
  return (
    <article class="box stack question" aria-label={characteristic(question.name)}>
      <Asked question={question} />
      {pending && !correcting && <Waiting {...asked} pending={pending} onChange={() => setCorrecting(true)} />}
      {reading && !pending && <Given {...asked} onCorrect={() => setCorrecting(true)} form={form} />}
      {form && <AnswerForm key={draft} {...asked} onEnd={() => setCorrecting(false)} />}
      {!form && !reading && !pending && <p class="dim small">{t("standing.open")}</p>}
      {shown.state !== "planned" && <Raise {...asked} />}
    </article>
  );
}

function Asked({ question }: { question: Question }) {
  return (
    <header>
      <strong>{characteristic(question.name)}</strong>
      <p class="small">
        {limitsOf(question)}
        {question.resolution && (
          <span class="dim"> · {t("unitStep", { step: question.resolution, unit: question.unit })}</span>
        )}
      </p>
      {question.source && <p class="dim small">{source(question.source)}</p>}
    </header>
  );
}

export function limitsOf(question: Question): string {
  const { kind, unit } = question;
  const [lower, upper] = [signed(question.lower), signed(question.upper)];
  if (kind === "boolean") return t("mustBe", { what: t(question.expected ? "yes" : "no") });
  if (kind === "choice") return t("mustBe", { what: listed(question.conforming) });
  if (kind !== "numeric") return "";
  if (lower === null) return t("atMost", { upper: upper ?? "", unit });
  return upper === null ? t("atLeast", { lower, unit }) : t("limitsAre", { lower, upper, unit });
}

/** A number with a minus that is as wide as its plus. */
function signed(number: string | number | null | undefined): string | null {
  return number === null || number === undefined ? null : String(number).replace("-", "−");
}

/** What an answer says, in a line; `u` is the uncertainty of what was read where the answer names none. */
export function answerSaid(question: Question, draft: Draft, u: string | null = null): string {
  if (draft.notMeasured) return `${t("cannotMeasure")}${colon()}${draft.notMeasured}`;
  const remark = draft.text ? ` · ${draft.text}` : "";
  if (question.kind === "boolean") return t(draft.flag === "yes" ? "yes" : "no") + remark;
  if (question.kind === "choice") return draft.choice + remark;
  if (question.kind !== "numeric") return draft.text || t("photosOfAnswer");
  const unsure = draft.uncertainty || u;
  return `${signed(draft.number)}${unsure ? ` ± ${unsure}` : ""} ${question.unit}${remark}`;
}

function VerdictSaid({ verdict }: { verdict: Verdict }) {
  if (!verdict.outcome) return <span class="tag">✓ {t("outcome.noted")}</span>;
  return (
    <span class={`verdict ${verdict.outcome}`}>
      <Sign verdict={verdict.outcome} /> {word("verdict", verdict.outcome)}
    </span>
  );
}

/** U of the instrument that an answer was read from, in the unit of the question. */
function ofInstrument({ instruments }: Shown, question: Question, serial = ""): string | null {
  const read = instruments.find((one) => one.serial === serial && one.unit === question.unit);
  return read?.expanded_uncertainty ?? null;
}

/** The answer that the server has, with what it says of it. */
function Given({
  work,
  inspection,
  shown,
  cell,
  may,
  form,
  onCorrect,
}: Answering & { form: boolean; onCorrect: () => void }) {
  const { question, reading, verdict } = cell;
  if (!reading) return null;
  return (
    <>
      <div class="between">
        <span class="number">
          {answerSaid(question, draftOf(reading), ofInstrument(shown, question, reading.instrument))}
        </span>
        {verdict && <VerdictSaid verdict={verdict} />}
      </div>
      <p class="dim small">
        {when(reading.taken_at)}
        {reading.instrument && ` · ${reading.instrument}`}
        {reading.serious_defect && ` · ${t("seriousDefect")}`}
      </p>
      {verdict?.missing.map((one) => (
        <p key={one} class="fault small">
          {t("needs", { what: missingSaid(one) })}
        </p>
      ))}
      {reading.photos.length > 0 && (
        <ul class="gallery">
          {reading.photos.map((one) => {
            const url = `/api/v1${inspectionAt(work.project.id, inspection.id)}/files/${one.sha256}`;
            return (
              <li key={one.sha256}>
                <a href={url} target="_blank" rel="noreferrer">
                  <img src={url} alt={one.description || t("photo")} loading="lazy" />
                </a>
              </li>
            );
          })}
        </ul>
      )}
      {may && !form && (
        <button type="button" onClick={onCorrect}>
          {t("correctIt")}
        </button>
      )}
    </>
  );
}

/** An answer that is on this device only: not judged, perhaps not accepted; beside it what others recorded. */
function Waiting({
  cell,
  pending,
  onChange,
}: Answering & { pending: NonNullable<Cell["pending"]>; onChange: () => void }) {
  const { question, reading } = cell;
  const mine = answerSaid(question, draftOf(pending.body as object));
  const refused = pending.state === "failed" && pending.refusal;
  const clash = refused && reading !== null && pending.refusal?.status !== 412;
  return (
    <>
      <div class="between">
        <span class="number">{clash ? t("mineIs", { what: mine }) : mine}</span>
        <span class={`tag ${pending.state}`}>
          {refused ? `! ${t("notTaken")}` : `⇡ ${t(`sync.${pending.state as "waiting" | "sending"}`)}`}
        </span>
      </div>
      {clash && <p class="number">{t("theirsIs", { what: answerSaid(question, draftOf(reading)) })}</p>}
      {refused && (
        <p class="fault small" role="alert">
          {clash ? t("alreadyAnswered") : reasonOf(refused)}
        </p>
      )}
      {!refused && <p class="dim small">{t("onItsWay")}</p>}
      {(pending.files?.length ?? 0) > 0 && (
        <p class="dim small">
          {t("photosOfAnswer")}
          {colon()}
          {pending.files?.length}
        </p>
      )}
      {isMine(pending) && (
        <div class="actions">
          <button type="button" onClick={onChange}>
            {t("changeAnswer")}
          </button>
          {refused && (
            <button type="button" class="danger" onClick={() => void discard(pending.key)}>
              {t(clash ? "keepTheirs" : "discardMine")}
            </button>
          )}
        </div>
      )}
    </>
  );
}

function AnswerForm({ work, inspection, shown, cell, name: named, onEnd }: Answering & { onEnd: () => void }) {
  const { question, globalId, reading, pending } = cell;
  const project = work.project.id;
  const name = draftName(inspection.id, question.id, globalId);
  const before = pending ? draftOf(pending.body as object) : reading ? draftOf(reading) : EMPTY;
  const { value, set, forget } = useKept<Draft>(name, { ...before, correction: "" });
  const [photos, setPhotos] = usePhotos(name, (pending?.files ?? []).map(asFile));
  const [open, setOpen] = useState(value.notMeasured !== "");
  const [fault, setFault] = useState("");
  const fitting = shown.instruments.filter((one) => one.unit === question.unit);
  const instrument = value.instrument || (fitting[0] ?? shown.instruments[0])?.serial || "";
  const draft = { ...value, instrument, notMeasured: open ? value.notMeasured : "" };
  const more = useRef(value.text !== "" || value.serious || open).current;
  const corrects = reading !== null || (pending !== null && !isMine(pending));
  const filled = isFilled(question, draft, photos.length) && (!open || draft.notMeasured.trim() !== "");
  const u = shown.instruments.find((one) => one.serial === instrument && one.unit === question.unit);
  async function take(file: File | undefined) {
    if (!file) return;
    setFault("");
    try {
      setPhotos([...photos, (await prepared(file)).file]);
    } catch {
      setFault(t("photoUnreadable"));
    }
  }
  return (
    <Form
      button={t("saveAnswer")}
      lacks={filled && (!corrects || draft.correction.trim()) ? "" : t("answerLacks")}
      work={async () => {
        const said = `${inspection.record.number}, ${named}, ${characteristic(question.name)}${colon()}${answerSaid(question, draft)}`;
        await sendAnswer(project, inspection, cell, draft, photos, said);
        forget();
        setPhotos([]);
        onEnd();
      }}
    >
      {!open && (
        <Value
          question={question}
          draft={draft}
          set={set}
          instruments={shown.instruments.map((one) => [one.serial, `${one.kind} ${one.serial}`] as const)}
          u={u?.expanded_uncertainty ?? ""}
        />
      )}
      {open && <Text label={t("whyNot")} required value={value.notMeasured} onValue={(v) => set({ notMeasured: v })} />}
      <DraftVerdict
        project={project}
        inspection={inspection}
        shown={shown}
        cell={cell}
        draft={draft}
        photos={photos.length}
        filled={filled}
      />
      <Shots photos={photos} onPhotos={setPhotos} onTake={take} />
      <details class="fold" open={more}>
        <summary>{t("moreToSay")}</summary>
        <div class="stack">
          {question.kind !== "text" && (
            <Text label={t("remark")} value={value.text} onValue={(text) => set({ text })} />
          )}
          <Tick label={t("cannotMeasure")} value={open} onValue={setOpen} />
          {question.kind !== "text" && question.kind !== "photo" && (
            <Tick label={t("seriousDefect")} value={value.serious} onValue={(serious) => set({ serious })} />
          )}
        </div>
      </details>
      {corrects && (
        <Prose
          label={t("whyCorrected")}
          required
          rows={1}
          value={value.correction}
          onValue={(correction) => set({ correction })}
        />
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {(reading || pending) && (
        <button
          type="button"
          onClick={() => {
            forget();
            setPhotos([]);
            onEnd();
          }}
        >
          {t("cancel")}
        </button>
      )}
    </Form>
  );
}

function asFile(one: { content: Blob; name: string; type: string }): File {
  return one.content instanceof File ? one.content : new File([one.content], one.name, { type: one.type });
}

/** Photos of a draft: they outlive a reload as its text does. */
function usePhotos(name: string, initial: readonly File[]): [readonly File[], (photos: readonly File[]) => void] {
  const [photos, set] = useState<readonly File[]>(initial);
  const user = session.value?.user.id ?? "";
  useEffect(() => {
    void keptPhotos(user, name).then((kept) => kept.length > 0 && set(kept));
  }, [name]);
  return [
    photos,
    (next) => {
      set(next);
      void keepPhotos(user, name, next).catch(() => undefined);
    },
  ];
}

interface Valued {
  question: Question;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  instruments: readonly (readonly [string, string])[];
  u: string;
}

function Value({ question, draft, set, instruments, u }: Valued) {
  if (question.kind === "boolean")
    return (
      <div class="segments" role="group" aria-label={characteristic(question.name)}>
        {(["yes", "no"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={draft.flag === one} onClick={() => set({ flag: one })}>
            {t(one)}
          </button>
        ))}
      </div>
    );
  if (question.kind === "choice")
    return (
      <Choice
        label={characteristic(question.name)}
        required
        value={draft.choice}
        onValue={(choice) => set({ choice })}
        options={[["", t("chooseAnswer")], ...question.choices.map((one) => [one, one] as const)]}
      />
    );
  if (question.kind === "text")
    return (
      <Prose label={characteristic(question.name)} required value={draft.text} onValue={(text) => set({ text })} />
    );
  if (question.kind === "photo") return null;
  return (
    <>
      <div class="pair">
        <Amount
          label={`${t("answerOf")}${bracketed(question.unit)}`}
          required
          value={draft.number}
          onValue={(number) => set({ number })}
        />
        <Amount
          label={`${t("uncertaintyU")}${bracketed(question.unit)}`}
          placeholder={u}
          value={draft.uncertainty}
          onValue={(uncertainty) => set({ uncertainty })}
        />
      </div>
      {instruments.length === 0 && <p class="fault small">{t("noInstrument")}</p>}
      {instruments.length === 1 && (
        <p class="dim small">
          {t("instrument")}
          {colon()}
          {instruments[0]?.[1]}
        </p>
      )}
      {instruments.length > 1 && (
        <Choice
          label={t("instrument")}
          value={draft.instrument}
          onValue={(instrument) => set({ instrument })}
          options={instruments}
        />
      )}
    </>
  );
}

interface Shooting {
  photos: readonly File[];
  onPhotos: (photos: readonly File[]) => void;
  onTake: (file: File | undefined) => Promise<void>;
}

function Shots({ photos, onPhotos, onTake }: Shooting) {
  const [urls, setUrls] = useState<readonly string[]>([]);
  useEffect(() => {
    const made = photos.map((one) => URL.createObjectURL(one));
    setUrls(made);
    return () => {
      for (const one of made) URL.revokeObjectURL(one);
    };
  }, [photos]);
  return (
    <div class="stack">
      {urls.length > 0 && (
        <ul class="gallery">
          {urls.map((url, n) => (
            <li key={url}>
              <img src={url} alt={`${t("photo")} ${n + 1}`} />
              <button
                type="button"
                aria-label={t("removePhoto", { n: n + 1 })}
                onClick={() => onPhotos(photos.filter((_, k) => k !== n))}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="pair">
        <Pick label={t("takePhoto")} camera onFile={onTake} />
        <Pick label={t("choosePhoto")} onFile={onTake} />
      </div>
    </div>
  );
}

const ASK_AFTER_MS = 450;

interface Judging {
  project: string;
  inspection: Inspection;
  shown: Shown;
  cell: Cell;
  draft: Draft;
  photos: number;
  filled: boolean;
}

/** What the server says of the draft, as it stands. */
function DraftVerdict({ project, inspection, shown, cell, draft, photos, filled }: Judging) {
  const [said, setSaid] = useState<Verdict | string | null>(null);
  const [asking, setAsking] = useState(false);
  const reachable = connected.value && !shown.starting && shown.state === "in_progress";
  const shots = Array.from({ length: photos }, () => ({
    kind: "picture" as const,
    sha256: "0".repeat(64),
    description: "",
    media_type: "image/jpeg",
  }));
  const body = bodyOf(cell.question, cell.globalId, draft, [...(cell.reading?.photos ?? []), ...shots], "");
  const wanted = filled && reachable ? JSON.stringify(body) : "";
  useEffect(() => {
    setSaid(null);
    setAsking(wanted !== "");
    if (!wanted) return;
    const abort = new AbortController();
    const soon = setTimeout(() => {
      judged(project, inspection.id, JSON.parse(wanted), abort.signal)
        .then(setSaid)
        .catch(() => undefined)
        .finally(() => abort.signal.aborted || setAsking(false));
    }, ASK_AFTER_MS);
    return () => {
      clearTimeout(soon);
      abort.abort();
    };
  }, [wanted]);
  if (!filled) return <p role="status" />;
  const outcome = typeof said === "object" && said ? said.outcome : null;
  return (
    <div role="status" class="stack drafted">
      {asking && <p class="dim small">{t("judging")}</p>}
      {!asking && !said && <p class="dim small">{t("judgedLater")}</p>}
      {typeof said === "string" && <p class="fault small">{said}</p>}
      {outcome && (
        <p class={`verdict ${outcome}`}>
          <Sign verdict={outcome} /> {t("serverSays", { what: word("verdict", outcome) })}
        </p>
      )}
      {typeof said === "object" &&
        said?.missing.map((one) => (
          <p key={one} class="fault small">
            {t("needs", { what: missingSaid(one) })}
          </p>
        ))}
    </div>
  );
}

/** A failing answer leads to a nonconformance: what was found is in it already. */
function Raise({ work, inspection, cell, name, shown }: Answering) {
  const [raising, setRaising] = useState(false);
  const [made, setMade] = useState(false);
  const { question, globalId, reading, verdict, pending } = cell;
  if (verdict?.outcome !== "fail" || !reading || pending || inspection.suggests_ncr) return null;
  const said = answerSaid(question, draftOf(reading), ofInstrument(shown, question, reading.instrument));
  const what = characteristic(question.name);
  const limits = limitsOf(question);
  const text = t("ncrText", {
    number: shown.state === "planned" ? "" : inspection.record.number,
    what,
    value: said,
    limits,
    source: source(question.source),
  });
  if (made) return <p role="status">✓ {t("raisedDraft")}</p>;
  return (
    <>
      <button type="button" onClick={() => setRaising(true)}>
        {t("raiseFromAnswer")}
      </button>
      {raising && (
        <RaiseForm
          project={work.project.id}
          row={{ globalId, name }}
          told={{ title: t("ncrTitle", { what, value: said }), description: text }}
          more={raisedFrom(inspection.record, cell)}
          onEnd={(done) => {
            setRaising(false);
            setMade(done);
          }}
        />
      )}
    </>
  );
}
