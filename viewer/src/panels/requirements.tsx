/** Which requirements were not met: from what a check measured, or entered by hand. */
import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "../core/client";
import { bracketed, t } from "../core/i18n";
import { recordedText } from "../core/limits";
import { detailOf } from "../core/state";
import { characteristic, termOf } from "../core/terms";
import { Amount, Text } from "./fields";

type Violation = Schemas["Violation-Input"];

export function Requirements({
  project,
  globalIds,
  name,
  value,
  onValue,
}: {
  project: string;
  globalIds: readonly string[];
  name: (globalId: string) => string;
  value: readonly Violation[];
  onValue: (value: Violation[]) => void;
}) {
  const [measured, setMeasured] = useState<Violation[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    Promise.all(globalIds.slice(0, 20).map((one) => detailOf(project, one, undefined, abort.signal).catch(() => null)))
      .then((all) => setMeasured(all.flatMap((one) => (one ? violated(one) : []))))
      .catch(() => {});
    return () => abort.abort();
  }, [project, globalIds.join()]);
  const known = new Set(value.map(about));
  const change = (n: number, what: Partial<Violation>) =>
    onValue(value.map((one, k) => (k === n ? { ...one, ...what } : one)));
  return (
    <div class="stack">
      {value.map((one, n) => (
        <fieldset class="box" key={n}>
          <legend>{one.global_id ? name(one.global_id) : t("requirement")}</legend>
          <Text
            label={t("characteristicName")}
            required
            value={termOf(one.requirement.characteristic) ?? one.requirement.characteristic}
            onValue={(text) => change(n, { requirement: { ...one.requirement, characteristic: text } })}
          />
          <Text
            label={t("clause")}
            required
            value={one.requirement.clause}
            onValue={(clause) => change(n, { requirement: { ...one.requirement, clause } })}
          />
          <div class="pair">
            <Amount
              label={`${t("lowerLimit")}${bracketed(one.requirement.unit ?? "mm")}`}
              value={String(one.requirement.lower ?? "")}
              onValue={(lower) => change(n, { requirement: { ...one.requirement, lower: lower || null } })}
            />
            <Amount
              label={`${t("upperLimit")}${bracketed(one.requirement.unit ?? "mm")}`}
              value={String(one.requirement.upper ?? "")}
              onValue={(upper) => change(n, { requirement: { ...one.requirement, upper: upper || null } })}
            />
          </div>
          <div class="pair">
            <Amount
              label={`${t("measuredValue")}${bracketed(one.requirement.unit ?? "mm")}`}
              value={String(one.measured?.value ?? "")}
              onValue={(text) => change(n, { measured: measuredAs(text, one.measured?.expanded_uncertainty) })}
            />
            <Amount
              label={t("uncertaintyU")}
              value={String(one.measured?.expanded_uncertainty ?? "")}
              onValue={(text) => change(n, { measured: measuredAs(one.measured?.value, text) })}
            />
          </div>
          <button type="button" onClick={() => onValue(value.filter((_, k) => k !== n))}>
            {t("remove")}
          </button>
        </fieldset>
      ))}
      {measured
        .filter((one) => !known.has(about(one)))
        .map((one) => (
          <button key={about(one)} type="button" onClick={() => onValue([...value, one])}>
            {t("fromMeasurement", {
              what: `${characteristic(one.requirement.characteristic)}${one.part ? bracketed(one.part) : ""} ${recordedText(one)[0]}`,
            })}
          </button>
        ))}
      <button
        type="button"
        onClick={() =>
          onValue([
            ...value,
            {
              requirement: { characteristic: "", clause: "", lower: null, upper: null, unit: "mm" },
              measured: null,
              global_id: globalIds[0] ?? "",
              part: "",
              part_id: "",
              direction: "",
            },
          ])
        }
      >
        {t("addRequirement")}
      </button>
    </div>
  );
}

/** What a requirement is about: two windows of one wall are two things. */
function about(one: Violation): string {
  return `${one.global_id}${one.part_id}${one.direction}${one.requirement.characteristic}`;
}

function measuredAs(
  value: string | number | undefined,
  uncertainty: string | number | undefined,
): NonNullable<Violation["measured"]> | null {
  if (!value && !uncertainty) return null;
  return { value: value ?? "", expanded_uncertainty: uncertainty ?? "" } as NonNullable<Violation["measured"]>;
}

/** What a check found outside its limits, as requirements of a record. */
function violated(detail: Schemas["ElementDetail"]): Violation[] {
  return detail.measurements.flatMap((one) => {
    const { actual_mm: actual, lower_mm: lower, upper_mm: upper, expanded_uncertainty_mm: u } = one;
    if (one.verdict !== "fail" || actual === null || u === null) return [];
    const text = (value: number | null) => (value === null ? null : String(Number(value.toFixed(4))));
    return [
      {
        requirement: {
          characteristic: one.characteristic,
          clause: one.source,
          lower: text(lower),
          upper: text(upper),
          unit: "mm",
        },
        measured: { value: text(actual) as string, expanded_uncertainty: text(u) as string, coverage_factor: "2" },
        global_id: detail.global_id,
        part: one.part,
        part_id: one.part_id,
        direction: one.direction,
      },
    ];
  });
}
