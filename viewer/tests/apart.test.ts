import { expect, test } from "vitest";
import { apart, type Place } from "../src/core/apart";

test("what would lie on each other is put beside each other, and what has room stays", () => {
  const asked: Place[] = [
    ...Array.from({ length: 7 }, () => ({ x: 100, y: 100 })),
    { x: 130, y: 100 },
    { x: 400, y: 90 },
  ];
  const taken: Place[] = [];
  for (const place of asked) taken.push(apart(place, taken));
  for (const [n, one] of taken.entries())
    for (const other of taken.slice(0, n)) expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(44);
  expect(taken[0]).toEqual(asked[0]);
  expect(taken.at(-1)).toEqual(asked.at(-1));
});
