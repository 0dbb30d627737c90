/** What is asked of a model's parts: how far apart, in which order, room that has to be free, parts as scanned. */
import { t } from "../core/i18n";
import { type Assembly, type ScannedPart, SEQUENCES, type Sequence } from "../core/rehearsal";
import { selected, type Workspace } from "../core/state";
import { tr } from "../core/words/rehearse";
import { Amount, Choice, Tick } from "./fields";
import { FileChoice } from "./file-choice";

interface Asked {
  work: Workspace;
  value: Assembly;
  set: (change: Partial<Assembly>) => void;
}

export function AssemblyFields({ work, value, set }: Asked) {
  return (
    <>
      <Amount
        label={tr("clearance")}
        value={value.clearanceMm}
        onValue={(clearanceMm) => set({ clearanceMm })}
        placeholder="0"
      />
      <Choice
        label={t("sequence")}
        value={value.sequence}
        options={SEQUENCES.map((one) => [one, t(`sequence.${one}`)] as const)}
        onValue={(one) => set({ sequence: one as Sequence })}
      />
      <Tick label={tr("inTime")} value={value.inTime} onValue={(inTime) => set({ inTime })} />
      <Tick label={tr("asBuilt")} value={value.asBuilt} onValue={(asBuilt) => set({ asBuilt })} />
      <FileChoice label={tr("accessFile")} accept=".yaml,.yml" onFile={(access) => set({ access })} />
      <Scanned work={work} value={value} set={set} />
    </>
  );
}

/** The file of the element that is chosen, and those that were given before. */
function Scanned({ work, value, set }: Asked) {
  const chosen = selected.value;
  const name = (id: string) => work.table.rows[work.table.byGlobalId.get(id) ?? -1]?.name || id;
  const without = (id: string): ScannedPart[] => value.scanned.filter(({ element }) => element !== id);
  return (
    <details class="fold">
      <summary>
        {tr("scannedParts")}
        {value.scanned.length > 0 && ` (${value.scanned.length})`}
      </summary>
      <div class="stack">
        <p class="dim small">{tr("scannedHelp")}</p>
        {value.scanned.length > 0 && (
          <ul class="plain">
            {value.scanned.map(({ element, file }) => (
              <li key={element} class="between scanned">
                <span>
                  <strong>{name(element)}</strong> <span class="dim small">{file.name}</span>
                </span>
                <button
                  type="button"
                  aria-label={tr("scannedDrop", { name: name(element) })}
                  title={tr("scannedDrop", { name: name(element) })}
                  onClick={() => set({ scanned: without(element) })}
                >
                  ✕
                </button>
              </li>
            ))}
          </ul>
        )}
        {chosen ? (
          <FileChoice
            key={`${chosen.globalId} ${value.scanned.length}`}
            label={tr("scannedOf", { name: chosen.name || chosen.globalId })}
            accept=".ply,.stl,.obj,.glb,.e57,.las,.laz,.pcd,.xyz,.pts,.ptx"
            onFile={(file) =>
              file && set({ scanned: [...without(chosen.globalId), { element: chosen.globalId, file }] })
            }
          />
        ) : (
          <p>{tr("scannedChoose")}</p>
        )}
        {value.scanned.length > 0 && (
          <Amount
            label={tr("scannedNoise")}
            value={value.noiseMm}
            onValue={(noiseMm) => set({ noiseMm })}
            placeholder="0"
          />
        )}
      </div>
    </details>
  );
}
