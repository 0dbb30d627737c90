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

/** Return a length with its sign and one decimal, a true minus and never "-0.0". */
export function millimetres(value: number | null): string {
  if (value === null) return "–";
  const text = Math.abs(value).toFixed(1);
  if (Number(text) === 0) return "0.0";
  return `${value < 0 ? "−" : "+"}${text}`;
}
