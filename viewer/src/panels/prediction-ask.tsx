/** What hangs on elements: asked for with a prediction, so that its ranks are worth following. */
import type { Stakes } from "../core/rehearsal";
import type { Workspace } from "../core/state";
import { className } from "../core/terms";
import { ta } from "../core/words/ahead";
import { Amount, Choice } from "./fields";

interface Asked {
  work: Workspace;
  value: Stakes;
  set: (value: Stakes) => void;
}

export function StakeFields({ work, value, set }: Asked) {
  const all = [...new Set(work.table.rows.map((row) => row.ifcClass))].sort();
  const free = all.filter((one) => !value.classes.some((each) => each.ifc_class === one));
  const change = (n: number, part: Partial<Stakes["classes"][number]>) =>
    set({ ...value, classes: value.classes.map((one, k) => (k === n ? { ...one, ...part } : one)) });
  return (
    <>
      <Amount label={ta("cost")} value={value.cost} placeholder="1" onValue={(cost) => set({ ...value, cost })} />
      <Amount
        label={ta("minutes")}
        value={value.minutes}
        placeholder="10"
        onValue={(minutes) => set({ ...value, minutes })}
      />
      <Amount
        label={ta("candidateFrom")}
        value={value.candidateFrom}
        placeholder="50"
        onValue={(candidateFrom) => set({ ...value, candidateFrom })}
      />
      <details class="fold">
        <summary>{ta("classStakes")}</summary>
        <div class="stack">
          {value.classes.map((one, n) => (
            <fieldset class="box" key={one.ifc_class}>
              <legend>{className(one.ifc_class)}</legend>
              <Choice
                label={ta("classOf")}
                value={one.ifc_class}
                options={[one.ifc_class, ...free].map((each) => [each, className(each)] as const)}
                onValue={(ifc_class) => change(n, { ifc_class })}
              />
              <Amount
                label={ta("cost")}
                value={one.cost}
                placeholder={value.cost || "1"}
                onValue={(cost) => change(n, { cost })}
              />
              <Amount
                label={ta("minutes")}
                value={one.minutes}
                placeholder={value.minutes || "10"}
                onValue={(minutes) => change(n, { minutes })}
              />
              <button type="button" onClick={() => set({ ...value, classes: value.classes.filter((_, k) => k !== n) })}>
                {ta("dropClass", { name: className(one.ifc_class) })}
              </button>
            </fieldset>
          ))}
          {free[0] && (
            <button
              type="button"
              onClick={() =>
                set({ ...value, classes: [...value.classes, { ifc_class: free[0] ?? "", cost: "", minutes: "" }] })
              }
            >
              {ta("addClass")}
            </button>
          )}
        </div>
      </details>
    </>
  );
}
