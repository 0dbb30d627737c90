/** What is asked of a table of units: which of its columns say what, and what a defect costs. */

import { useEffect, useState } from "preact/hooks";
import { columnsOf, type Learning } from "../core/quality";
import { ta } from "../core/words/ahead";
import { Amount, Choice, Text, Tick } from "./fields";
import { FileChoice } from "./file-choice";

interface Asked {
  file: File | null;
  value: Learning;
  take: (file: File | null) => void;
  set: (change: Partial<Learning>) => void;
}

export function QualityFields({ file, value, take, set }: Asked) {
  const [columns, setColumns] = useState<readonly string[]>([]);
  useEffect(() => {
    let latest = true;
    const found = file ? columnsOf(file).catch(() => []) : Promise.resolve([]);
    void found.then((names) => latest && setColumns(names));
    return () => {
      latest = false;
    };
  }, [file]);
  const column = (label: string, name: "outcome" | "time" | "group" | "identifier", none: string) => (
    <Column
      label={label}
      columns={columns}
      none={none}
      value={value[name]}
      onValue={(chosen) => set({ [name]: chosen })}
    />
  );
  return (
    <>
      <FileChoice label={ta("learnFile")} required onFile={take} />
      {file && (
        <>
          {column(ta("learnOutcome"), "outcome", ta("learnChoose"))}
          <Text
            label={ta("learnDefective")}
            value={value.defective}
            placeholder="1, fail, NOK …"
            onValue={(defective) => set({ defective })}
          />
          {column(ta("learnTime"), "time", ta("learnRows"))}
          <details class="fold">
            <summary>{ta("learnMore")}</summary>
            <div class="stack">
              {column(ta("learnGroup"), "group", ta("learnNone"))}
              {column(ta("learnSerial"), "identifier", ta("learnNone"))}
              <Amount label={ta("learnEscape")} value={value.escape} onValue={(cost) => set({ escape: cost })} />
              <Amount label={ta("learnAction")} value={value.action} onValue={(action) => set({ action })} />
              <Amount
                label={ta("learnEffect")}
                value={value.effectiveness}
                placeholder="100"
                onValue={(effectiveness) => set({ effectiveness })}
              />
              <Amount label={ta("learnGoal")} value={value.goal} onValue={(goal) => set({ goal })} />
            </div>
          </details>
          {columns.length > 0 && <Ignored columns={columns} value={value} set={set} />}
        </>
      )}
    </>
  );
}

function Column(asked: {
  label: string;
  columns: readonly string[];
  none: string;
  value: string;
  onValue: (value: string) => void;
}) {
  const { label, columns, none, value, onValue } = asked;
  if (columns.length === 0) return <Text label={label} value={value} onValue={onValue} />;
  return (
    <Choice
      label={label}
      value={columns.includes(value) ? value : ""}
      options={[["", none], ...columns.map((one) => [one, one] as const)]}
      onValue={onValue}
    />
  );
}

/** Columns that are known only afterwards, or tell the outcome: nothing is learnt from them. */
function Ignored({ columns, value, set }: Pick<Asked, "value" | "set"> & { columns: readonly string[] }) {
  const used = [value.outcome, value.time, value.group, value.identifier];
  const free = columns.filter((one) => !used.includes(one));
  return (
    <details class="fold">
      <summary>{ta("learnIgnore")}</summary>
      <fieldset class="stack">
        <legend class="small dim">{ta("learnIgnoreWhy")}</legend>
        {free.map((one) => (
          <Tick
            key={one}
            label={one}
            value={value.ignore.includes(one)}
            onValue={(on) => set({ ignore: [...value.ignore.filter((each) => each !== one), ...(on ? [one] : [])] })}
          />
        ))}
      </fieldset>
    </details>
  );
}
