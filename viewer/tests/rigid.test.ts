/** Fits by hand against a truth that is known: turns, shifts, wrong pairs, mirror images, too little. */
import { describe, expect, it } from "vitest";
import { featureAt } from "../src/core/corner";
import { type Asked, apply, between, type Fit, fitPairs, inverted, type Pose, poseOf } from "../src/core/rigid";
import { distance, type Vec } from "../src/core/space";

/** Numbers that look random and are the same every time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

function turned(axis: Vec, angle: number, shift: Vec): Pose {
  const n = Math.hypot(...axis);
  const [x, y, z] = axis.map((value) => value / n) as unknown as Vec;
  const [c, s, k] = [Math.cos(angle), Math.sin(angle), 1 - Math.cos(angle)];
  return poseOf([
    [c + x * x * k, x * y * k - z * s, x * z * k + y * s, shift[0]],
    [y * x * k + z * s, c + y * y * k, y * z * k - x * s, shift[1]],
    [z * x * k - y * s, z * y * k + x * s, c + z * z * k, shift[2]],
  ]);
}

function pairsOf(pose: Pose, count: number, seed: number, noise = 0): Asked[] {
  const next = dice(seed);
  return Array.from({ length: count }, () => {
    const scan: Vec = [20 * next(), 20 * next(), 20 * next()];
    const [x, y, z] = apply(pose, scan);
    return { scan, design: [x + noise * next(), y + noise * next(), z + noise * next()], sigma: 0.01 };
  });
}

function fitOf(pairs: Asked[], level = false): Fit {
  const fit = fitPairs(pairs, level);
  if (typeof fit === "string") throw new Error(fit);
  return fit;
}

const determinant = ({ rows: [a, b, c] }: Pose) =>
  a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);

describe("a fit to pairs", () => {
  it.each([0, 0.3, 1.7, Math.PI, -2.9])("finds any turn (%f) and shift, far from the origin as well", (angle) => {
    for (const axis of [
      [0, 0, 1],
      [1, 0, 0],
      [1, -2, 0.5],
    ] as Vec[]) {
      const truth = turned(axis, angle, [367_412.2, -12.5, 88]);
      const { pose, residuals, outlier } = fitOf(pairsOf(truth, 5, 3));
      expect(distance(apply(pose, [5, 6, 7]), apply(truth, [5, 6, 7]))).toBeLessThan(1e-8);
      expect(Math.max(...residuals)).toBeLessThan(1e-8);
      expect(outlier).toEqual([false, false, false, false, false]);
    }
  });

  it("needs three pairs that are not in a line", () => {
    const at = (x: number, y: number): Asked => ({ scan: [x, y, 0], design: [x, y, 1], sigma: 0.01 });
    expect(fitPairs([at(0, 0), at(1, 0)], false)).toBe("few");
    expect(fitPairs([at(0, 0), at(1, 0), at(7, 0)], false)).toBe("line");
    expect(fitPairs([at(0, 0), at(0.001, 0), at(0, 0.001)], false)).toBe("place");
  });

  it("never mirrors, whatever the pairs say", () => {
    const pairs = pairsOf(turned([0, 0, 1], 0.4, [1, 2, 3]), 5, 8).map(
      (pair): Asked => ({ ...pair, design: [-pair.design[0], pair.design[1], pair.design[2]] }),
    );
    const { pose, misfit, outlier } = fitOf(pairs);
    expect(determinant(pose)).toBeCloseTo(1, 9);
    expect(misfit || outlier.some(Boolean)).toBe(true);
  });

  it("names the pair that is wrong, and no other", () => {
    const pairs = pairsOf(turned([0, 0, 1], 1.1, [4, 5, 6]), 6, 4, 0.01);
    const [x, y, z] = (pairs[2] as Asked).design;
    pairs[2] = { ...(pairs[2] as Asked), design: [x + 0.3, y, z - 0.2] };
    const { outlier, leftOut } = fitOf(pairs);
    expect(outlier).toEqual([false, false, true, false, false, false]);
    expect(leftOut[2]).toBeGreaterThan(0.3);
    expect(leftOut[2]).toBeLessThan(0.45);
    expect(Math.max(...leftOut.filter((_, i) => i !== 2).map(Number))).toBeLessThan(0.05);
  });

  it("says of three that do not fit that they do not, though none can be named", () => {
    const pairs = pairsOf(turned([0, 0, 1], 1.1, [4, 5, 6]), 3, 4);
    const [x, y, z] = (pairs[0] as Asked).design;
    pairs[0] = { ...(pairs[0] as Asked), design: [x + 0.6, y + 0.2, z] };
    const { misfit, leftOut } = fitOf(pairs);
    expect(misfit).toBe(true);
    expect(leftOut).toEqual([null, null, null]);
  });

  it("stays upright when it is told to", () => {
    const pairs = pairsOf(turned([0, 0, 1], -2.2, [4, 5, 6]), 4, 9, 0.06);
    expect(fitOf(pairs, true).pose.rows[2]).toEqual([0, 0, 1]);
    expect(fitOf(pairs).pose.rows[2]).not.toEqual([0, 0, 1]);
    const truth = turned([0, 0, 1], -2.2, [4, 5, 6]);
    expect(distance(apply(fitOf(pairsOf(truth, 4, 9), true).pose, [1, 1, 1]), apply(truth, [1, 1, 1]))).toBeLessThan(
      1e-9,
    );
  });

  it("goes there and back, between origins as well", () => {
    const pose = turned([1, 2, 3], 0.8, [400, -3, 2]);
    const p: Vec = [3, 4, 5];
    expect(distance(apply(inverted(pose), apply(pose, p)), p)).toBeLessThan(1e-9);
    const near = between(pose, [1, 1, 1], [400, 0, 0]);
    const whole = apply(pose, p);
    expect(distance(apply(near, [2, 3, 4]), [whole[0] - 400, whole[1], whole[2]])).toBeLessThan(1e-9);
  });
});

describe("a feature of a scan", () => {
  const next = dice(5);
  const noisy = (value: number) => value + 0.006 * next();
  /** Two walls and a floor that meet at (1, 2, 3), seen with noise. */
  const corner: Vec[] = [];
  for (let i = 0; i < 400; i += 1) {
    const [u, v] = [0.3 * (next() + 0.5), 0.3 * (next() + 0.5)];
    corner.push([noisy(1), 2 + u, 3 + v], [1 + u, noisy(2), 3 + v], [1 + u, 2 + v, noisy(3)]);
  }

  it("is the corner where three planes meet, though no point lies there", () => {
    const { kind, position } = featureAt([1.03, 2.02, 3.04], corner, 0.1);
    expect(kind).toBe("corner");
    expect(distance(position, [1, 2, 3])).toBeLessThan(0.002);
  });

  it("is the edge away from the corner, and the face away from both", () => {
    const far = corner.map(([x, y, z]): Vec => [x, y, z]);
    const edge = featureAt([1.01, 2.01, 3.25], far, 0.1);
    expect(edge.kind).toBe("edge");
    expect(Math.hypot(edge.position[0] - 1, edge.position[1] - 2)).toBeLessThan(0.002);
    expect(edge.position[2]).toBeCloseTo(3.25, 2);
    const face = featureAt([1.002, 2.25, 3.25], far, 0.1);
    expect(face.kind).toBe("face");
    expect(face.position[0]).toBeCloseTo(1, 2);
  });

  it("is the point itself where there is no plane", () => {
    expect(
      featureAt(
        [1, 2, 3],
        [
          [1, 2, 3],
          [1.1, 2, 3],
        ],
        0.1,
      ),
    ).toEqual({ position: [1, 2, 3], kind: "point" });
  });
});
