/** A characteristic over scans as places in a picture: pure numbers, drawn by a panel. */

export interface TrendPoint {
  captured_at: string;
  actual_mm: number | null;
  expanded_uncertainty_mm: number | null;
  lower_mm: number | null;
  upper_mm: number | null;
  verdict: string;
}

export interface Plotted {
  readonly point: TrendPoint;
  /** Shares of the width and the height, from the left and from the top. */
  readonly x: number;
  readonly y: number;
  readonly from: number;
  readonly to: number;
}

export interface TrendPicture {
  readonly points: readonly Plotted[];
  /** Where a scan measured nothing of it. */
  readonly gaps: readonly { x: number; captured_at: string }[];
  /** The zone between the limits, from scan to scan; open where there is no limit. */
  readonly zone: readonly { x: number; top: number; bottom: number }[];
  readonly lower: readonly { x: number; y: number }[];
  readonly upper: readonly { x: number; y: number }[];
  readonly ticks: readonly { y: number; mm: number }[];
}

/** Return where everything is; null where nothing was measured. `moments` are all scans, the earliest first. */
export function trendPicture(points: readonly TrendPoint[], moments: readonly string[]): TrendPicture | null {
  const measured = points.filter((one) => one.actual_mm !== null);
  if (measured.length === 0) return null;
  const times = moments.map((one) => Date.parse(one));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  // a scan on its own stands in the middle
  const x = (at: string) => (last > first ? 0.06 + (0.88 * (Date.parse(at) - first)) / (last - first) : 0.5);
  const all = measured.flatMap((one) => {
    const [actual, half] = [one.actual_mm as number, one.expanded_uncertainty_mm ?? 0];
    return [actual - half, actual + half, one.lower_mm, one.upper_mm].filter((v): v is number => v !== null);
  });
  const [low, high] = [Math.min(...all, 0), Math.max(...all, 0)];
  const margin = 0.1 * Math.max(high - low, 0.1);
  const y = (mm: number) => (high + margin - mm) / (high - low + 2 * margin);
  const of = new Map(measured.map((one) => [one.captured_at, one]));
  const limits = (side: "lower_mm" | "upper_mm") =>
    measured.flatMap((one) => (one[side] === null ? [] : [{ x: x(one.captured_at), y: y(one[side] as number) }]));
  return {
    points: measured.map((point) => {
      const [actual, half] = [point.actual_mm as number, point.expanded_uncertainty_mm ?? 0];
      return { point, x: x(point.captured_at), y: y(actual), from: y(actual + half), to: y(actual - half) };
    }),
    gaps: moments.filter((at) => !of.has(at)).map((at) => ({ x: x(at), captured_at: at })),
    zone: measured.map((one) => ({
      x: x(one.captured_at),
      top: one.upper_mm === null ? 0 : y(one.upper_mm),
      bottom: one.lower_mm === null ? 1 : y(one.lower_mm),
    })),
    lower: limits("lower_mm"),
    upper: limits("upper_mm"),
    ticks: ticksOf(low, high).map((mm) => ({ mm, y: y(mm) })),
  };
}

/** Three to six round values between two ends. */
export function ticksOf(low: number, high: number): number[] {
  const span = Math.max(high - low, 0.1);
  const raw = span / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  const found: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k += 1) found.push(Number((k * step).toFixed(6)));
  return found;
}
