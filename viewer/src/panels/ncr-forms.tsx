/** What each event of a nonconformance record asks for: one form each, kept until it was sent. */
import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "../core/client";
import { t, word } from "../core/i18n";
import {
  ASKS,
  type Capacity,
  type Decision,
  me,
  minus,
  type Ncr,
  type NcrEvent,
  type Person,
  PROVES,
  type Rechecks,
  recheckable,
  sum,
} from "../core/ncr";
import { recordsOf } from "../core/records";
import { bring, evidenceFrom } from "../core/uploads";
import { Amount, Choice, explained, Form, Prose, Signing, Text, Tick, useKept, when } from "./fields";
import { Requirements } from "./requirements";

export interface Step {
  project: string;
  ncr: Ncr;
  people: readonly Person[];
  /** How the elements are called. */
  name: (globalId: string) => string;
  send: (event: NcrEvent, body?: unknown) => Promise<void>;
}

/** Where unsent input of a form is kept. */
export function keptAs(ncr: Ncr, event: string): string {
  return `ncr.${ncr.id}.${event}`;
}

/** The form of an event; one that asks for nothing is a button. */
export function StepForm({ event, ...step }: Step & { event: NcrEvent }) {
  const Asked = FORMS[event];
  if (Asked) return <Asked {...step} event={event} />;
  return <Form button={word("does", event)} work={() => step.send(event)} />;
}

type Asks = (step: Step & { event: NcrEvent }) => preact.JSX.Element;

function Assign({ ncr, people, send, event }: Step & { event: NcrEvent }) {
  const { record } = ncr;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    assignee: record.assignee ?? "",
    due: record.due ?? "",
  });
  return (
    <Form
      button={t("save")}
      work={async () => {
        await send(event, { assignee: value.assignee || null, due: value.due || null });
        forget();
      }}
    >
      <Choice
        label={t("assignee")}
        value={value.assignee}
        onValue={(assignee) => set({ assignee })}
        options={[["", t("nobody")], ...people.map((one) => [one.user, personSaid(one)] as const)]}
      />
      <Text label={t("due")} type="date" value={value.due} onValue={(due) => set({ due })} />
    </Form>
  );
}

function personSaid(one: Person): string {
  return `${one.name} (${word("role", one.role)})`;
}

function Reclassify({ ncr, send, event }: Step & { event: NcrEvent }) {
  const { record } = ncr;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    severity: record.severity as string,
    contract_affected: record.contract_affected,
    customer_to_be_informed: record.customer_to_be_informed,
    reason: "",
  });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Severity value={value.severity} onValue={(severity) => set({ severity })} />
      <Tick
        label={t("contractAffected")}
        value={value.contract_affected}
        onValue={(contract_affected) => set({ contract_affected })}
      />
      <Tick
        label={t("customerInformed")}
        value={value.customer_to_be_informed}
        onValue={(customer_to_be_informed) => set({ customer_to_be_informed })}
      />
      <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

function Severity({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const options = ["minor", "major", "critical"].map((one) => [one, word("severity", one)] as const);
  return <Choice label={t("severity")} value={value} onValue={onValue} options={options} />;
}

function Amend(step: Step & { event: NcrEvent }) {
  const { ncr, send, event } = step;
  const { record } = ncr;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    title: record.title,
    severity: record.severity as string,
    description: record.description,
    violations: record.violations as unknown as Schemas["Violation-Input"][],
  });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Text label={t("title")} required value={value.title} onValue={(title) => set({ title })} />
      <Severity value={value.severity} onValue={(severity) => set({ severity })} />
      <Prose label={t("description")} value={value.description} onValue={(description) => set({ description })} />
      <Requirements
        project={step.project}
        globalIds={record.global_ids}
        name={step.name}
        value={value.violations}
        onValue={(violations) => set({ violations })}
      />
    </Form>
  );
}

function Contain({ ncr, send, event }: Step & { event: NcrEvent }) {
  const held = ncr.record.containment;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    kind: (held?.kind ?? "in_place_tag") as string,
    place: held?.place ?? "",
    tag: held?.tag ?? "",
    affected_query: held?.affected_query ?? "",
    affected: (held?.affected ?? []).join("\n"),
  });
  const kinds = ["in_place_tag", "quarantine", "work_stopped"].map((one) => [one, word("contain", one)] as const);
  return (
    <Form
      button={t("save")}
      work={async () => {
        await send(event, { ...value, affected: value.affected.split(/\s+/).filter(Boolean) });
        forget();
      }}
    >
      <Choice label={t("containKind")} value={value.kind} options={kinds} onValue={(kind) => set({ kind })} />
      <Text label={t("containPlace")} required value={value.place} onValue={(place) => set({ place })} />
      <Text
        label={t("containTag")}
        required={value.kind === "in_place_tag"}
        value={value.tag}
        onValue={(tag) => set({ tag })}
      />
      <Prose
        label={t("affectedQuery")}
        required
        value={value.affected_query}
        onValue={(affected_query) => set({ affected_query })}
      />
      <Prose label={t("affectedFound")} value={value.affected} onValue={(affected) => set({ affected })} />
    </Form>
  );
}

/** One seat for each capacity that has to sign; who raised the record does not sit on the board. */
function Board({ ncr, people, send, event }: Step & { event: NcrEvent }) {
  const { record } = ncr;
  const seated = Object.fromEntries(record.roster.map((one) => [one.capacity, one.person]));
  const { value, set, forget } = useKept<Record<string, string>>(keptAs(ncr, event), seated);
  const raised = new Set([record.originator.id, record.originator.on_behalf_of ?? ""]);
  const optional = (["quality_manager", "contractor", "design_authority", "customer"] as const).filter(
    (one) => !ncr.signs_as.includes(one),
  );
  const able = (capacity: Capacity) => people.filter((p) => p.capacities.includes(capacity) && !raised.has(p.user));
  const chosen = Object.entries(value).filter(([, person]) => person);
  const twice = new Set(chosen.map(([, person]) => person)).size < chosen.length;
  const seat = (capacity: Capacity, required: boolean) => {
    const candidates = able(capacity);
    const role = word("capacity", capacity);
    if (candidates.length === 0) return required ? <p class="fault">{t("boardNobody", { role })}</p> : null;
    return (
      <Choice
        key={capacity}
        label={t("boardSeat", { role })}
        required={required}
        value={value[capacity] ?? ""}
        onValue={(person) => set({ [capacity]: person })}
        options={[["", t("boardChoose")], ...candidates.map((one) => [one.user, one.name] as const)]}
      />
    );
  };
  return (
    <Form
      button={t("save")}
      disabled={twice || chosen.length === 0}
      work={async () => {
        await send(event, { members: chosen.map(([capacity, user]) => ({ capacity, user })) });
        forget();
      }}
    >
      {ncr.signs_as.map((one) => seat(one, true))}
      {optional.map((one) => seat(one, false))}
      {twice && (
        <p class="fault" role="status">
          {t("boardTwice")}
        </p>
      )}
    </Form>
  );
}

interface LineDraft {
  decision: Decision;
  quantity: string;
  justification: string;
  global_ids: string[];
  instruction: string;
  repair_criteria: string;
  customer_waiver: string;
  new_identity: string;
  scar: string;
  until: string;
  reference: string;
}

/** Lines whose quantities sum to the whole; counted elements are each in one line, and give its quantity. */
function Propose({ ncr, name, send, event }: Step & { event: NcrEvent }) {
  const { record } = ncr;
  const counted = /^elements?$/i.test(record.unit.trim()) && record.global_ids.length > 0;
  const kept = record.lines.map(
    (one): LineDraft => ({
      ...one,
      global_ids: [...one.global_ids],
      until: one.concession?.expires_at.slice(0, 10) ?? "",
      reference: one.concession?.reference ?? "",
    }),
  );
  const empty = (ids: string[], quantity: string): LineDraft => ({
    decision: "rework", quantity, justification: "", global_ids: ids, instruction: "", repair_criteria: "",
    customer_waiver: "", new_identity: "", scar: "", until: "", reference: "",
  }); // biome-ignore format: a value of nothing
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    lines: kept.length > 0 ? kept : [empty([...record.global_ids], record.quantity)],
  });
  const lines = value.lines;
  const decided = sum(lines.map((one) => one.quantity));
  const left = minus(record.quantity, decided);
  const change = (n: number, what: Partial<LineDraft>) =>
    set({ lines: lines.map((one, k) => (k === n ? fitted({ ...one, ...what }, counted) : one)) });
  return (
    <Form
      button={word("does", event)}
      disabled={left !== "0"}
      work={async () => {
        await send(event, { lines: lines.map(lineBody) });
        forget();
      }}
    >
      {lines.map((line, n) => (
        <fieldset class="box" key={n}>
          <legend>
            {n + 1}. {word("decision", line.decision)}
          </legend>
          <Choice
            label={t("decision")}
            value={line.decision}
            onValue={(decision) => change(n, { decision: decision as Decision })}
            options={(Object.keys(ASKS) as Decision[]).map((one) => [one, word("decision", one)] as const)}
          />
          {record.global_ids.length > 1 && (
            <div class="stack" role="group" aria-label={t("elementsOfLine")}>
              {record.global_ids.map((id) => {
                const on = line.global_ids.includes(id);
                const ids = on ? line.global_ids.filter((one) => one !== id) : [...line.global_ids, id];
                return <Tick key={id} label={name(id)} value={on} onValue={() => change(n, { global_ids: ids })} />;
              })}
            </div>
          )}
          {!counted && (
            <Amount
              label={`${t("quantity")} (${record.unit})`}
              required
              value={line.quantity}
              onValue={(quantity) => change(n, { quantity })}
            />
          )}
          <LineAsks line={line} change={(what) => change(n, what)} />
          <Prose
            label={t("justification")}
            required
            value={line.justification}
            onValue={(justification) => change(n, { justification })}
          />
          {lines.length > 1 && (
            <button type="button" onClick={() => set({ lines: lines.filter((_, k) => k !== n) })}>
              {t("remove")}
            </button>
          )}
        </fieldset>
      ))}
      <p class={left === "0" ? "dim" : "fault"} role="status">
        {t("linesSum", { sum: decided, total: record.quantity, unit: record.unit })}
        {left !== "0" &&
          ` · ${left.startsWith("-") ? t("linesOver", { over: left.slice(1), unit: record.unit }) : t("linesLeft", { left, unit: record.unit })}`}
      </p>
      <button
        type="button"
        onClick={() =>
          set({
            lines: [...lines, empty(undecided(record.global_ids, lines), left)].map((one) => fitted(one, counted)),
          })
        }
      >
        {t("addLine")}
      </button>
    </Form>
  );
}

function LineAsks({ line, change }: { line: LineDraft; change: (what: Partial<LineDraft>) => void }) {
  const asks = ASKS[line.decision];
  return (
    <>
      {asks.includes("instruction") && (
        <Text label={t("instruction")} required value={line.instruction} onValue={(v) => change({ instruction: v })} />
      )}
      {asks.includes("repair_criteria") && (
        <Prose
          label={t("repairCriteria")}
          required
          value={line.repair_criteria}
          onValue={(v) => change({ repair_criteria: v })}
        />
      )}
      {asks.includes("customer_waiver") && (
        <Prose
          label={t("customerWaiver")}
          value={line.customer_waiver}
          onValue={(v) => change({ customer_waiver: v })}
        />
      )}
      {asks.includes("new_identity") && (
        <Text
          label={t("newIdentity")}
          required
          value={line.new_identity}
          onValue={(v) => change({ new_identity: v })}
        />
      )}
      {asks.includes("scar") && (
        <Text label={t("scar")} required value={line.scar} onValue={(v) => change({ scar: v })} />
      )}
      {asks.includes("concession") && (
        <>
          <Text
            label={t("concessionUntil")}
            type="date"
            required
            value={line.until}
            onValue={(until) => change({ until })}
          />
          <Text label={t("concessionRef")} value={line.reference} onValue={(reference) => change({ reference })} />
        </>
      )}
    </>
  );
}

/** A counted line is as much as its elements. */
function fitted(line: LineDraft, counted: boolean): LineDraft {
  return counted ? { ...line, quantity: String(line.global_ids.length) } : line;
}

function undecided(all: readonly string[], lines: readonly LineDraft[]): string[] {
  const named = new Set(lines.flatMap((one) => one.global_ids));
  return all.filter((one) => !named.has(one));
}

/** Send only what the decision asks for: what was typed for another one is not signed by accident. */
function lineBody(line: LineDraft): Schemas["api__schemas__ncr__LineIn"] {
  const asks = ASKS[line.decision];
  const given = (field: keyof Schemas["DispositionLine"], text: string) => (asks.includes(field) ? text : "");
  const concession = asks.includes("concession") && {
    quantity: line.quantity,
    expires_at: new Date(`${line.until}T23:59:00`).toISOString(),
    global_ids: line.global_ids,
    reference: line.reference,
  };
  return {
    decision: line.decision,
    quantity: line.quantity,
    justification: line.justification,
    global_ids: line.global_ids,
    instruction: given("instruction", line.instruction),
    repair_criteria: given("repair_criteria", line.repair_criteria),
    concession: concession || null,
    customer_waiver: given("customer_waiver", line.customer_waiver),
    new_identity: given("new_identity", line.new_identity),
    scar: given("scar", line.scar),
  };
}

function SignDecision({ ncr, send, event }: Step & { event: NcrEvent }) {
  const seat = ncr.record.roster.find((one) => one.person === me());
  const role = seat ? ` (${word("capacity", seat.capacity)})` : "";
  return (
    <Signing
      meaning={`${t("meansDisposition")}${role}`}
      button={word("does", event)}
      work={(password) => send(event, { password })}
    />
  );
}

function Close({ send, event }: Step & { event: NcrEvent }) {
  return (
    <Signing meaning={t("meansClosing")} button={word("does", event)} work={(password) => send(event, { password })} />
  );
}

function Finished({ ncr, send, event }: Step & { event: NcrEvent }) {
  const { value, set, forget } = useKept(keptAs(ncr, event), { at: "" });
  const now = when(new Date().toISOString()).replace(" ", "T");
  const given = value.at || now;
  return (
    <Form
      button={word("does", event)}
      work={async () => {
        // a minute has no seconds: "now" must not be before the work began, nor after the server's now
        const at = given === now ? new Date(Date.now() - 1000) : new Date(given);
        await send(event, { finished_at: at.toISOString() });
        forget();
      }}
    >
      <Text label={t("finishedAt")} type="datetime-local" required value={given} onValue={(at) => set({ at })} />
      <p class="dim small">{t("recheckHint")}</p>
    </Form>
  );
}

function Recheck({ project, ncr, send, event }: Step & { event: NcrEvent }) {
  const [able, setAble] = useState<Rechecks | null>(null);
  const [fault, setFault] = useState("");
  const { value, set, forget } = useKept(keptAs(ncr, event), { which: "", criteria: "original" });
  useEffect(() => {
    recheckable(project, ncr.record)
      .then(setAble)
      .catch((error) => setFault(explained(error)));
  }, [project, ncr.id, ncr.version]);
  const options = [
    ...(able?.checks ?? []).map(
      (one) => [`check:${one.id}`, `${t("recheckCheck", { name: one.name })}, ${when(one.at)}`] as const,
    ),
    ...(able?.inspections ?? []).map(
      (one) => [`inspection:${one.id}`, `${t("recheckInspection", { name: one.name })}, ${when(one.at)}`] as const,
    ),
  ];
  const which = value.which || options[0]?.[0] || "";
  const [kind, id] = which.split(":");
  const repairs = ncr.record.lines.some((one) => one.decision === "repair");
  if (fault) return <p class="fault">{fault}</p>;
  if (able && options.length === 0) return <p class="dim">{t("recheckNone")}</p>;
  return (
    <Form
      button={word("does", event)}
      disabled={!which}
      work={async () => {
        const body = kind === "check" ? { check_run: id } : { inspection: id, criteria: value.criteria };
        await send(event, body);
        forget();
      }}
    >
      <Choice label={t("recheckWith")} value={which} options={options} onValue={(one) => set({ which: one })} />
      {repairs && kind === "inspection" && (
        <Choice
          label={t("criteria")}
          value={value.criteria}
          onValue={(criteria) => set({ criteria })}
          options={["original", "repair"].map((one) => [one, word("criteria", one)] as const)}
        />
      )}
      <p class="dim small">{t("recheckHint")}</p>
    </Form>
  );
}

const PROOF_LABELS = {
  as_built_record: "asBuiltRecord",
  new_identity: "newIdentity",
  traceability: "traceability",
  marking: "marking",
  shipping_record: "shippingRecord",
  debit_note: "debitNote",
} as const;

interface LotDraft {
  quantity: string;
  verdict: string;
  global_ids: string[];
  ncr: string;
}

function Prove({ project, ncr, name, send, event }: Step & { event: NcrEvent }) {
  const asked = ncr.record.lines.filter((one) => PROVES[one.decision].length > 0 || one.decision === "sort");
  const [file, setFile] = useState<File | null>(null);
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    line: asked[0]?.id ?? "", verdict: "pass", as_built_record: "", new_identity: "", traceability: "", marking: "",
    shipping_record: "", debit_note: "", counted: "", lots: [] as LotDraft[],
  }); // biome-ignore format: a value of nothing
  const line = asked.find((one) => one.id === value.line) ?? asked[0];
  if (!line) return <p class="dim">{t("nothingYet")}</p>;
  const proves = PROVES[line.decision];
  const verdicts = ["pass", "fail"].map((one) => [one, word("verdict", one)] as const);
  const lots = value.lots.length > 0 ? value.lots : [lotOf(line.quantity, [...line.global_ids])];
  const change = (n: number, what: Partial<LotDraft>) =>
    set({ lots: lots.map((one, k) => (k === n ? { ...one, ...what } : one)) });
  return (
    <Form
      button={word("does", event)}
      work={async () => {
        const evidence = file ? [evidenceFrom(await bring(project, file), "picture")] : [];
        const texts = Object.fromEntries(
          Object.keys(PROOF_LABELS).map((k) => [k, proves.includes(k) ? value[k as keyof typeof PROOF_LABELS] : ""]),
        );
        await send(event, {
          line: line.id,
          verdict: value.verdict,
          evidence,
          ...texts,
          counted: proves.includes("counted") && value.counted ? value.counted : null,
          lots: line.decision === "sort" ? lots.map((one) => ({ ...one, ncr: one.ncr || null })) : [],
        });
        forget();
        setFile(null);
      }}
    >
      <Choice
        label={t("proofLine")}
        value={line.id}
        onValue={(one) => set({ line: one })}
        options={asked.map((one) => [one.id, `${word("decision", one.decision)} ${one.quantity}`] as const)}
      />
      <Choice
        label={t("proofVerdict")}
        value={value.verdict}
        options={verdicts}
        onValue={(verdict) => set({ verdict })}
      />
      {(Object.keys(PROOF_LABELS) as (keyof typeof PROOF_LABELS)[])
        .filter((field) => proves.includes(field))
        .map((field) => (
          <Text
            key={field}
            label={t(PROOF_LABELS[field])}
            required
            value={value[field]}
            onValue={(text) => set({ [field]: text })}
          />
        ))}
      {proves.includes("counted") && (
        <Amount label={t("counted")} required value={value.counted} onValue={(counted) => set({ counted })} />
      )}
      {proves.includes("evidence") && <FileField onFile={setFile} required />}
      {line.decision === "sort" &&
        lots.map((lot, n) => (
          <fieldset class="box" key={n}>
            <legend>{n + 1}.</legend>
            <Amount label={t("quantity")} required value={lot.quantity} onValue={(q) => change(n, { quantity: q })} />
            <Choice
              label={t("proofVerdict")}
              value={lot.verdict}
              options={verdicts}
              onValue={(verdict) => change(n, { verdict })}
            />
            {line.global_ids.map((id) => {
              const on = lot.global_ids.includes(id);
              const ids = on ? lot.global_ids.filter((one) => one !== id) : [...lot.global_ids, id];
              return <Tick key={id} label={name(id)} value={on} onValue={() => change(n, { global_ids: ids })} />;
            })}
            {lot.verdict === "fail" && (
              <Text label={t("ncrs")} required value={lot.ncr} onValue={(one) => change(n, { ncr: one })} />
            )}
          </fieldset>
        ))}
      {line.decision === "sort" && (
        <button type="button" onClick={() => set({ lots: [...lots, lotOf("", [])] })}>
          {t("addLine")}
        </button>
      )}
    </Form>
  );
}

function lotOf(quantity: string, global_ids: string[]): LotDraft {
  return { quantity, verdict: "pass", global_ids, ncr: "" };
}

function FileField({ onFile, required = false }: { onFile: (file: File | null) => void; required?: boolean }) {
  return (
    <label class="stack">
      {t("file")}
      <input type="file" required={required} onChange={(e) => onFile(e.currentTarget.files?.[0] ?? null)} />
    </label>
  );
}

function Evidence({ project, ncr, send, event }: Step & { event: NcrEvent }) {
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState(-1);
  const { value, set, forget } = useKept(keptAs(ncr, event), { kind: "picture" });
  const kinds = ["picture", "document", "measurement"].map((one) => [one, word("file", one)] as const);
  return (
    <Form
      button={t("addFile")}
      disabled={!file}
      work={async () => {
        if (!file) return;
        const sent = await bring(project, file, setShare).finally(() => setShare(-1));
        await send(event, evidenceFrom(sent, value.kind as Schemas["EvidenceKind"]));
        setFile(null);
        forget();
      }}
    >
      <Choice label={t("fileKind")} value={value.kind} options={kinds} onValue={(kind) => set({ kind })} />
      <FileField onFile={setFile} />
      {share >= 0 && <p role="status">{t("uploading", { share: Math.round(100 * share) })}</p>}
    </Form>
  );
}

function Capa({ ncr, send, event }: Step & { event: NcrEvent }) {
  const kept = ncr.record.capa;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    needed: kept?.needed ?? false,
    reason: kept?.reason ?? "",
  });
  return (
    <Form button={t("save")} work={() => send(event, { ...value, capas: kept?.capas ?? [] }).then(forget)}>
      <Tick label={t("capaNeeded")} value={value.needed} onValue={(needed) => set({ needed })} />
      <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

function CostForm({ ncr, send, event }: Step & { event: NcrEvent }) {
  const kept = ncr.record.cost;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    labour: kept?.labour ?? "0",
    material: kept?.material ?? "0",
    other: kept?.other ?? "0",
    currency: kept?.currency ?? (navigator.language.startsWith("zh") ? "CNY" : "EUR"),
  });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Amount label={t("labour")} required value={value.labour} onValue={(labour) => set({ labour })} />
      <Amount label={t("material")} required value={value.material} onValue={(material) => set({ material })} />
      <Amount label={t("otherCost")} required value={value.other} onValue={(other) => set({ other })} />
      <Text
        label={t("currency")}
        required
        value={value.currency}
        onValue={(currency) => set({ currency: currency.toUpperCase().slice(0, 3) })}
      />
    </Form>
  );
}

function Notice({ ncr, send, event }: Step & { event: NcrEvent }) {
  const { value, set, forget } = useKept(keptAs(ncr, event), { reference: ncr.record.notice?.reference ?? "" });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Text label={t("noticeRef")} required value={value.reference} onValue={(reference) => set({ reference })} />
    </Form>
  );
}

function Why({ ncr, send, event }: Step & { event: NcrEvent }) {
  const { value, set, forget } = useKept(keptAs(ncr, event), { reason: "" });
  return (
    <Form button={word("does", event)} work={() => send(event, value).then(forget)}>
      <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

function Note({ project, ncr, name, send, event }: Step & { event: NcrEvent }) {
  const [found, setFound] = useState<readonly (readonly [string, string])[]>([]);
  const { value, set, forget } = useKept(keptAs(ncr, event), { id: "", reason: "" });
  useEffect(() => {
    Promise.all(ncr.record.global_ids.slice(0, 20).map((one) => recordsOf(project, one)))
      .then((all) => {
        const open = new Map(all.flatMap((one) => one.findings).map((one) => [one.id, one]));
        setFound(
          [...open.values()].map((one) => [
            one.id,
            `${word("cause", one.kind)}: ${one.global_ids.map(name).join(", ")}`,
          ]),
        );
      })
      .catch(() => setFound([]));
  }, [project, ncr.id]);
  if (found.length === 0) return <p class="dim">{t("nothingYet")}</p>;
  return (
    <Form
      button={word("does", event)}
      work={() => send(event, { id: value.id || found[0]?.[0], reason: value.reason }).then(forget)}
    >
      <Choice
        label={t("findingId")}
        value={value.id || (found[0]?.[0] ?? "")}
        options={found}
        onValue={(id) => set({ id })}
      />
      <Prose label={t("reason")} value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

const FORMS: Partial<Record<NcrEvent, Asks>> = {
  amend: Amend,
  assign: Assign,
  reclassify: Reclassify,
  add_evidence: Evidence,
  record_containment: Contain,
  assemble: Board,
  propose: Propose,
  sign: SignDecision,
  reinspect: Finished,
  record_recheck: Recheck,
  record_proof: Prove,
  decide_capa: Capa,
  capture_cost: CostForm,
  inform_customer: Notice,
  note_recurrence: Note,
  close: Close,
  reconsider: Why,
  reject: Why,
  void: Why,
  reopen: Why,
};
