/** What is read from: chosen when an inspection begins, and added on the way. */
import { useState } from "preact/hooks";
import { bracketed, t } from "../core/i18n";
import {
  addInstrument,
  type Inspection,
  type Instrument,
  isNumber,
  rememberInstruments,
  type Shown,
  startInspection,
  usedInstruments,
} from "../core/inspection";
import { Amount, Form, Text, Tick, useKept } from "./fields";
import { NoCapacity } from "./no-capacity";

export function Start({ project, inspection }: { project: string; inspection: Inspection }) {
  const name = `inspection.${inspection.id}.start`;
  const used = usedInstruments();
  const { value, set, forget } = useKept<{ chosen: Instrument[] }>(name, { chosen: [] });
  const [adding, setAdding] = useState(used.length === 0);
  const known = new Map([...used, ...value.chosen].map((one) => [one.serial, one]));
  const on = new Set(value.chosen.map((one) => one.serial));
  const toggle = (one: Instrument) =>
    set({
      chosen: on.has(one.serial) ? value.chosen.filter((each) => each.serial !== one.serial) : [...value.chosen, one],
    });
  const why = inspection.barred.start;
  if (why === "capacity") return <NoCapacity project={project} />;
  if (why) return <p class="small">{t("notYourRole")}</p>;
  return (
    <div class="box next stack">
      <strong>{t("instruments")}</strong>
      <p class="dim small">{t("beginHint")}</p>
      {[...known.values()].map((one) => (
        <Tick key={one.serial} label={saidOf(one)} value={on.has(one.serial)} onValue={() => toggle(one)} />
      ))}
      {adding ? (
        <NewInstrument
          name={`${name}.new`}
          unit={inspection.record.characteristics.find((one) => one.unit)?.unit ?? "mm"}
          onAdd={async (one) => {
            set({ chosen: [...value.chosen.filter((each) => each.serial !== one.serial), one] });
            setAdding(false);
          }}
        />
      ) : (
        <button type="button" onClick={() => setAdding(true)}>
          {t("addInstrument")}
        </button>
      )}
      <Form
        button={t("beginIt")}
        work={async () => {
          await startInspection(project, inspection, value.chosen);
          rememberInstruments(value.chosen);
          forget();
        }}
      />
    </div>
  );
}

export function Instruments({ project, inspection, shown }: { project: string; inspection: Inspection; shown: Shown }) {
  const known = new Set(shown.instruments.map((one) => one.serial));
  const used = usedInstruments().filter((one) => !known.has(one.serial));
  const add = async (one: Instrument) => {
    await addInstrument(project, inspection, one);
    rememberInstruments([one]);
  };
  return (
    <details class="fold">
      <summary>
        {t("instruments")}
        {bracketed(shown.instruments.length)}
      </summary>
      <div class="stack">
        <ul class="plain small">
          {shown.instruments.map((one) => (
            <li key={one.serial}>{saidOf(one)}</li>
          ))}
        </ul>
        {used.length > 0 && <p class="small">{t("usedBefore")}</p>}
        {used.map((one) => (
          <Form key={one.serial} quiet button={`+ ${saidOf(one)}`} work={() => add(one)} />
        ))}
        <NewInstrument name={`inspection.${inspection.id}.instrument`} unit="mm" onAdd={add} />
      </div>
    </details>
  );
}

export function saidOf(one: Instrument): string {
  const unsure = one.expanded_uncertainty ? ` · U ${one.expanded_uncertainty} ${one.unit}` : "";
  return `${one.kind} ${one.serial}${unsure} · ${t("calibratedUntil")} ${one.calibrated_until}`;
}

interface Adding {
  name: string;
  unit: string;
  onAdd: (one: Instrument) => Promise<unknown>;
}

function NewInstrument({ name, unit, onAdd }: Adding) {
  const { value, set, forget } = useKept(name, { kind: "", serial: "", on: "", until: "", u: "", unit });
  return (
    <Form
      quiet
      button={t("addInstrument")}
      work={async () => {
        await onAdd({
          kind: value.kind.trim(),
          serial: value.serial.trim(),
          calibrated_on: value.on,
          calibrated_until: value.until,
          expanded_uncertainty: isNumber(value.u) ? value.u : null,
          unit: value.unit.trim(),
          certificate: null,
        });
        forget();
      }}
    >
      <div class="pair">
        <Text label={t("instrumentKind")} required value={value.kind} onValue={(kind) => set({ kind })} />
        <Text label={t("serialNumber")} required value={value.serial} onValue={(serial) => set({ serial })} />
        <Text label={t("calibratedOn")} type="date" required value={value.on} onValue={(on) => set({ on })} />
        <Text
          label={t("calibratedUntil")}
          type="date"
          required
          value={value.until}
          onValue={(until) => set({ until })}
        />
        <Amount label={t("instrumentU")} value={value.u} onValue={(u) => set({ u })} />
        <Text label={t("unit")} required value={value.unit} onValue={(one) => set({ unit: one })} />
      </div>
    </Form>
  );
}
