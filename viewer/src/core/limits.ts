import { t } from "./i18n";

/** A measured value against its limits, as places on a line: what the chart draws and a person reads. */
export interface Measured {
  actual_mm: number | null;
  lower_mm: number | null;
  upper_mm: number | null;
  expanded_uncertainty_mm: number | null;
}

export interface LimitChart {
  /** Places from 0 to 1 along the line. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly actual: number;
  readonly from: number;
  readonly to: number;
}

/** Return where limits, value and its interval lie on a line that holds all of them; null when nothing was measured. */
export function chartOf(one: Measured): LimitChart | null {
  if (one.actual_mm === null) return null;
  const half = one.expanded_uncertainty_mm ?? 0;
  const [from, to] = [one.actual_mm - half, one.actual_mm + half];
  const all = [from, to, one.lower_mm, one.upper_mm].filter((v): v is number => v !== null);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const margin = 0.12 * Math.max(high - low, 0.1);
  const at = (value: number) => (value - low + margin) / (high - low + 2 * margin);
  return {
    lower: one.lower_mm === null ? null : at(one.lower_mm),
    upper: one.upper_mm === null ? null : at(one.upper_mm),
    actual: at(one.actual_mm),
    from: at(from),
    to: at(to),
  };
}

/** Length (mm) over the spread that an F-number is made of: ASTM E1155, 4.57 and 12.5 inches, as geometry/f_number.py. */
const F_NUMBERS: Readonly<Record<string, { readonly symbol: string; readonly constant_mm: number }>> = {
  floor_flatness: { symbol: "FF", constant_mm: 116.078 },
  floor_levelness: { symbol: "FL", constant_mm: 317.5 },
};

/** Return the F-number of a spread in millimetres, 999 at most, as people write it. */
function fNumber(constant: number, spread: number): string {
  return (spread > 0 ? Math.min(constant / spread, 999) : 999).toFixed(1);
}

/** Return a value of a table's cell: millimetres, or an F-number, which has no unit. */
export function shortValue(characteristic: string, actual: number | null): string {
  const scale = F_NUMBERS[characteristic];
  return !scale || actual === null ? millimetres(actual) : `${scale.symbol} ${fNumber(scale.constant_mm, actual)}`;
}

/** Return a value apart from its uncertainty and unit. */
export function valueText(one: Measured & { characteristic: string; note?: string }): readonly [string, string] {
  const scale = F_NUMBERS[one.characteristic];
  const u = one.expanded_uncertainty_mm;
  if (one.actual_mm === null) return [t("verdict.not_measured"), ""];
  if (!scale) return [millimetres(one.actual_mm), `± ${u?.toFixed(1) ?? "–"} mm`];
  const [low, high] = [one.actual_mm + (u ?? 0), one.actual_mm - (u ?? 0)].map((at) => fNumber(scale.constant_mm, at));
  if (one.note === "floor_at_least") return [`${scale.symbol} ≥ ${low}`, ""];
  return [`${scale.symbol} ${fNumber(scale.constant_mm, one.actual_mm)}`, `(${low} … ${high})`];
}

/** Return limits as people write them. */
export function limitsText(one: Measured & { characteristic: string }): string {
  const scale = F_NUMBERS[one.characteristic];
  if (!scale || !one.upper_mm) return `${millimetres(one.lower_mm)} … ${millimetres(one.upper_mm)} mm`;
  return `${scale.symbol} ≥ ${Number((scale.constant_mm / one.upper_mm).toFixed(1))}`;
}

type Decimal = string | number | null | undefined;

/** A requirement of a record with what was measured: decimals as text, in the unit that it names. */
export interface Recorded {
  requirement: { characteristic: string; lower?: Decimal; upper?: Decimal; unit?: string };
  measured?: { value: Decimal; expanded_uncertainty?: Decimal } | null | undefined;
}

/** Return value with U and limits of a record as people write them: millimetres as everywhere else, other units as kept. */
export function recordedText({ requirement, measured }: Recorded): readonly [string, string] {
  const { characteristic, unit = "mm" } = requirement;
  if (unit === "mm") {
    const number = (value: Decimal) => (value === null || value === undefined || value === "" ? null : Number(value));
    const one = {
      characteristic,
      actual_mm: number(measured?.value),
      lower_mm: number(requirement.lower),
      upper_mm: number(requirement.upper),
      expanded_uncertainty_mm: number(measured?.expanded_uncertainty),
    };
    return [valueText(one).filter(Boolean).join(" "), limitsText(one)];
  }
  const kept = (value: Decimal) => String(value ?? "–").replace("-", "−");
  const said = measured
    ? `${kept(measured.value)} ± ${kept(measured.expanded_uncertainty)} ${unit}`
    : t("verdict.not_measured");
  return [said, `${kept(requirement.lower)} … ${kept(requirement.upper)} ${unit}`];
}

/** Return a length with its sign and one decimal, a true minus and never "-0.0". */
export function millimetres(value: number | null): string {
  if (value === null) return "–";
  const text = Math.abs(value).toFixed(1);
  if (Number(text) === 0) return "0.0";
  return `${value < 0 ? "−" : "+"}${text}`;
}
