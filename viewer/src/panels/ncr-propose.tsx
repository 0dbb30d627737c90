/** The form that proposes a disposition: what becomes of which part. */
import type { Schemas } from "../core/client";
import { bracketed, t, word } from "../core/i18n";
import { ASKS, type Decision, minus, quantitySaid, sum } from "../core/ncr";
import { Amount, Choice, Form, Prose, Text, Tick, useKept } from "./fields";
import { type Asked, keptAs } from "./ncr-step";

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
export function Propose({ ncr, name, send, event }: Asked) {
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
              label={`${t("quantity")}${bracketed(record.unit)}`}
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
        {t("linesSum", { sum: decided, total: quantitySaid(record.quantity, record.unit) })}
        {left !== "0" &&
          ` · ${left.startsWith("-") ? t("linesOver", { over: quantitySaid(left.slice(1), record.unit) }) : t("linesLeft", { left: quantitySaid(left, record.unit) })}`}
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
