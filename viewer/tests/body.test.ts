import { expect, test } from "vitest";
import { BODY, walked } from "../src/core/body";

/** A box with its twelve triangles. */
function box(low: number[], high: number[]): Float64Array {
  const corner = (k: number) => [0, 1, 2].map((axis) => (k & (1 << axis) ? high : low)[axis] as number);
  const quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]; // biome-ignore format: a face each
  return new Float64Array(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d].flatMap((k) => corner(k as number))));
}

const WALL = box([2, -5, 0], [2.2, 5, 3]);

test("a wall stops the body at its radius and lets it slide along", () => {
  const end = walked({ x: 0, y: 0 }, { x: 4, y: 1 }, 0, [WALL]);
  expect(end.x).toBeCloseTo(2 - BODY, 3);
  expect(end.y).toBeCloseTo(1, 2);
  expect(walked({ x: 0, y: 0 }, { x: 1, y: 1 }, 0, [WALL])).toEqual({ x: 1, y: 1 });
});

test("no speed leads through a thin wall, and a corner holds", () => {
  expect(walked({ x: 0, y: 0 }, { x: 50, y: 0 }, 0, [box([2, -5, 0], [2.01, 5, 3])]).x).toBeCloseTo(2 - BODY, 3);
  const end = walked({ x: 0, y: 0 }, { x: 5, y: 5 }, 0, [WALL, box([-5, 2, 0], [2.2, 2.2, 3])]);
  expect(end.x).toBeLessThanOrEqual(2 - BODY + 1e-3);
  expect(end.y).toBeLessThanOrEqual(2 - BODY + 1e-3);
});

test("a step is stepped over, a higher one is a wall; slabs above and below stop nobody, a low beam does", () => {
  const by = { x: 3, y: 0 };
  const reached = (...solids: Float64Array[]) => walked({ x: 0, y: 0 }, by, 0, solids).x;
  expect(reached(box([1, -2, 0], [4, 2, 0.25]))).toBe(3);
  expect(reached(box([1, -2, 0], [4, 2, 0.35]))).toBeCloseTo(1 - BODY, 3);
  expect(reached(box([-5, -5, -0.2], [5, 5, 0]), box([-5, -5, 2.8], [5, 5, 3]))).toBe(3);
  expect(reached(box([1, -2, 1.5], [1.3, 2, 1.8]))).toBeCloseTo(1 - BODY, 3);
});

test("an opening as wide as a door lets one through, a gap does not", () => {
  const doorway = (half: number) => [box([2, -5, 0], [2.2, -half, 3]), box([2, half, 0], [2.2, 5, 3])];
  expect(walked({ x: 0, y: 0.02 }, { x: 4, y: 0 }, 0, doorway(0.4)).x).toBeCloseTo(4, 6);
  expect(walked({ x: 0, y: 0 }, { x: 4, y: 0 }, 0, doorway(0.2)).x).toBeLessThan(2);
});

test("who stands in a wall can leave it", () => {
  expect(walked({ x: 2.01, y: 0 }, { x: -1, y: 0 }, 0, [WALL]).x).toBeCloseTo(1.01, 9);
});
