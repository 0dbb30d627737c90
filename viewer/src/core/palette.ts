/**
 * Colours with a meaning, never alone: each verdict has a sign as well.
 *
 * The qualitative colours are those of Okabe and Ito (2008), told apart by people with any common colour vision
 * deficiency. The diverging ramp runs from blue over grey to orange, dark at both ends, so that it can be read in grey.
 */
export type Rgb = readonly [number, number, number];

export interface Meaning {
  readonly colour: Rgb;
  readonly sign: string;
}

/** How an element is marked: its verdict, except that what is missing stands apart. Colours and signs of the reports. */
export const VERDICTS: Record<string, Meaning> = {
  missing: { colour: [106, 27, 110], sign: "○" },
  pass: { colour: [0, 114, 178], sign: "✓" },
  fail: { colour: [213, 94, 0], sign: "✕" },
  indeterminate: { colour: [230, 190, 40], sign: "?" },
  not_measured: { colour: [139, 146, 156], sign: "–" },
  unknown: { colour: [186, 192, 200], sign: "·" },
};

export const STATES: Record<string, Meaning> = {
  verified: { colour: [0, 114, 178], sign: "✓" },
  installed: { colour: [86, 180, 233], sign: "●" },
  deviating: { colour: [213, 94, 0], sign: "✕" },
  missing: { colour: [106, 27, 110], sign: "○" },
  unresolved: { colour: [230, 190, 40], sign: "?" },
  planned: { colour: [186, 192, 200], sign: "·" },
};

/** Where a nonconformance record stands: raised, being dealt with, done. */
export const RECORDS: Record<string, Meaning> = {
  none: { colour: [205, 210, 216], sign: "·" },
  draft: { colour: [240, 228, 66], sign: "✎" },
  open: { colour: [213, 94, 0], sign: "!" },
  handled: { colour: [86, 180, 233], sign: "→" },
  closed: { colour: [0, 114, 178], sign: "✓" },
};

/** Return which of the above a record's state is; null for no record. */
export function standing(state: string | null): keyof typeof RECORDS {
  if (state === null || state === "void" || state === "rejected") return "none";
  if (state === "draft" || state === "closed") return state;
  return state === "open" || state === "reopened" ? "open" : "handled";
}

const SPREAD: readonly Rgb[] = [
  [86, 180, 233],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [0, 114, 178],
  [213, 94, 0],
  [240, 228, 66],
  [140, 140, 200],
];

/** Return a colour for the n-th of several kinds that mean nothing by themselves (classes, storeys). */
export function spread(n: number): Rgb {
  const base = SPREAD[n % SPREAD.length] as Rgb;
  const shade = 1 - 0.18 * (Math.floor(n / SPREAD.length) % 4);
  return [Math.round(base[0] * shade), Math.round(base[1] * shade), Math.round(base[2] * shade)];
}

/** Return the colour of a sign on a colour: light on what is dark. */
export function inkOn([r, g, b]: Rgb): string {
  return 0.3 * r + 0.59 * g + 0.11 * b < 95 ? "#ffffff" : "#10151b";
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

const STOPS: readonly (readonly [number, Rgb])[] = [
  [-1, [8, 48, 107]],
  [-0.5, [66, 146, 198]],
  [-0.001, [190, 215, 235]],
  [0, [225, 225, 225]],
  [0.001, [250, 222, 190]],
  [0.5, [240, 130, 40]],
  [1, [127, 39, 4]],
];

/** Return the colour of a share of the range, -1 (too far in) to 1 (too far out). */
export function diverging(share: number): Rgb {
  const at = Math.max(-1, Math.min(1, share));
  for (let k = 1; k < STOPS.length; k += 1) {
    const [low, from] = STOPS[k - 1] as (typeof STOPS)[number];
    const [high, to] = STOPS[k] as (typeof STOPS)[number];
    if (at <= high) {
      const part = (at - low) / (high - low);
      const mix = (c: 0 | 1 | 2) => Math.round(from[c] + part * (to[c] - from[c]));
      return [mix(0), mix(1), mix(2)];
    }
  }
  return [127, 39, 4];
}

/** Return the ramp as RGBA texels, lowest deviation first. */
export function rampTexels(count = 256): Uint8Array {
  const texels = new Uint8Array(count * 4);
  for (let k = 0; k < count; k += 1) texels.set([...diverging((2 * (k + 0.5)) / count - 1), 255], 4 * k);
  return texels;
}
