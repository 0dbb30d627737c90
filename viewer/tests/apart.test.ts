import { expect, test } from "vitest";
import { apart, type Place, type Size, stacked } from "../src/core/apart";

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

test("labels are stacked rather than laid on each other, and no further than they must be", () => {
  const size = { width: 80, height: 24 };
  const taken: (Place & Size)[] = [];
  for (const place of [
    { x: 100, y: 100 },
    { x: 110, y: 104 },
    { x: 150, y: 96 },
    { x: 300, y: 100 },
    { x: 179, y: 100 },
  ])
    taken.push({ ...stacked(place, size, taken), ...size });
  for (const [n, one] of taken.entries())
    for (const other of taken.slice(0, n)) {
      const isBeside = Math.abs(one.x - other.x) >= 80 || Math.abs(one.y - other.y) >= 24;
      expect(isBeside).toBe(true);
    }
  expect(taken[0]).toMatchObject({ x: 100, y: 100 });
  expect(taken[3]).toMatchObject({ x: 300, y: 100 });
  expect(Math.abs((taken[1]?.y ?? 0) - 104)).toBeLessThan(30);
});
