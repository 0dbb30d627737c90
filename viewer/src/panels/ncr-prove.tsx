/** The form that proves a line of the disposition. */
import { useState } from "preact/hooks";
import { t, word } from "../core/i18n";
import { PROVES } from "../core/ncr";
import { bring, evidenceFrom } from "../core/uploads";
import { Amount, Choice, Form, Text, Tick, useKept } from "./fields";
import { type Asked, FileField, keptAs } from "./ncr-step";

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

export function Prove({ project, ncr, name, send, event }: Asked) {
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
