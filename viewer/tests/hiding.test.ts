import { expect, test } from "vitest";
import { type Box, hiders, meetsBox, placesOf } from "../src/core/hiding";
import type { Vec } from "../src/core/space";

/** The triangles of a box, nine numbers each. */
function faces({ min, max }: Box): Float64Array {
  const at = (n: number) => [0, 1, 2].map((k) => ((n >> k) & 1 ? max : min)[k] as number);
  const quads = [
    [0, 1, 3, 2],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 3, 7, 6],
    [0, 2, 6, 4],
    [1, 3, 7, 5],
  ] as const;
  return Float64Array.from(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d].flatMap(at)));
}

const INNER: Box = { min: [0, 5, 0], max: [4, 5.2, 3] };
const FRONT: Box = { min: [-5, 0, 0], max: [9, 0.2, 4] };
const BEHIND: Box = { min: [-5, 9, 0], max: [9, 9.2, 4] };
const TOUCHING: Box = { min: [0, 5.2, 0], max: [4, 5.4, 3] };
const COLUMN: Box = { min: [2.9, 2, 0], max: [3.4, 2.4, 3] };
const EYE: Vec = [2, -10, 1.5];
const all = [FRONT, BEHIND, TOUCHING, COLUMN].map((box, id) => ({ id, box }));
const facesOf = (id: number) => faces((all[id] as { box: Box }).box);

test("what stands before an element steps aside, and nothing that does not", () => {
  expect([...hiders(EYE, INNER, all, facesOf)].sort()).toEqual([0, 3]);
  expect(hiders([2, 2.5, 1.5], INNER, all, facesOf).size, "from inside, one column hides little").toBe(0);
});

test("a hole in a wall hides nothing, nor what a section has cut away", () => {
  const none = () => new Float64Array();
  expect(hiders(EYE, INNER, all, none).size).toBe(0);
  const cutAway = ([, y]: Vec) => y > 4;
  expect(hiders(EYE, INNER, all, facesOf, cutAway).size).toBe(0);
});

test("a way meets a box where one of its places lies in it", () => {
  for (let n = 0; n < 400; n += 1) {
    const random = (k: number) => Math.sin(12.9898 * (n + 1) * (k + 1)) * 6;
    const [from, to] = [0, 3].map((k) => [random(k), random(k + 1), random(k + 2)] as unknown as Vec) as [Vec, Vec];
    const box: Box = { min: [-2, -1, -2], max: [1, 2, 3] };
    const inside = Array.from({ length: 2001 }, (_, k) => k / 2000).some((share) =>
      [0, 1, 2].every((k) => {
        const at = (from[k] as number) + share * ((to[k] as number) - (from[k] as number));
        return at >= (box.min[k] as number) && at <= (box.max[k] as number);
      }),
    );
    if (inside) expect(meetsBox(from, to, box)).toBe(true);
    else if (meetsBox(from, to, box)) {
      const grown = { min: box.min.map((one) => one + 0.02), max: box.max.map((one) => one - 0.02) };
      expect(meetsBox(from, to, grown), "only a corner is cut between two samples").toBe(false);
    }
  }
  expect(placesOf(INNER).length).toBe(9);
});
