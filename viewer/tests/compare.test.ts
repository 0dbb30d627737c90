import { expect, test } from "vitest";
import { byGlobalId, changeDyer, changedElements, daysBetween, statusDyer, swiped } from "../src/core/compare";
import type { ElementRow } from "../src/core/elements";
import { type TrendPoint, ticksOf, trendPicture } from "../src/core/trend";

const row = (globalId: string) => ({ globalId }) as ElementRow;

test("what was never seen, and what another design has, is see-through", () => {
  const dye = statusDyer(byGlobalId(["a", "b"], { values: ["planned", "verified"], index: [0, 1] }));
  expect([dye(row("a")).ghost, dye(row("b")).ghost, dye(row("c")).ghost]).toEqual([true, false, true]);
});

test("differences come the gravest first, the one that moved most of its U before the others", () => {
  const coded = <V>(values: V[], index: number[]) => ({ values, index });
  const told = {
    before: {} as never, after: {} as never, counts: {},
    global_id: ["a", "b", "c", "d"], name: ["a", "b", "c", "d"],
    ifc_class: coded(["IfcWall"], [0, 0, 0, 0]), storey: coded([null], [0, 0, 0, 0]),
    change: coded(["moved", "newly_failing", "not_comparable"] as const, [0, 0, 1, 2]),
    why: coded([null, "unseen_after"] as const, [0, 0, 0, 1]),
    seen_before: coded([null], [0, 0, 0, 0]), seen_after: coded([null], [0, 0, 0, 0]),
    moved_mm: [6, 9, null, null], moved_uncertainty_mm: [5, 2, null, null],
  }; // biome-ignore format: a table
  const rows = changedElements(told as never);
  expect(rows.map((one) => one.globalId)).toEqual(["c", "b", "a", "d"]);
  expect(rows[3]?.why).toBe("unseen_after");
  const dye = changeDyer(rows);
  expect([dye(row("d")).ghost, dye(row("nobody")).ghost, dye(row("c")).ghost]).toEqual([true, true, false]);
});

test("the handle goes by keys and stays within the view", () => {
  expect([swiped(0.5, "ArrowRight"), swiped(0.99, "PageUp"), swiped(0.3, "Home"), swiped(0.3, "a")]).toEqual([
    0.52,
    1,
    0,
    null,
  ]);
  expect(daysBetween("2026-11-06T06:30:00Z", "2026-11-20T06:30:00Z")).toBe(14);
});

const point = (captured_at: string, actual_mm: number | null, upper_mm: number | null = 8): TrendPoint => ({
  captured_at, actual_mm, expanded_uncertainty_mm: 2, lower_mm: -8, upper_mm, verdict: "pass",
}); // biome-ignore format: one line

test("a trend holds values, U and limits, in time, and leaves gaps where nothing was measured", () => {
  const moments = ["2026-10-01T00:00:00Z", "2026-10-11T00:00:00Z", "2026-10-31T00:00:00Z"];
  const picture = trendPicture([point(moments[0] as string, 2), point(moments[2] as string, 12, null)], moments);
  if (!picture) throw new Error("none");
  const [first, last] = picture.points;
  expect(picture.gaps.map((gap) => gap.captured_at)).toEqual([moments[1]]);
  const [left, middle, right] = [first?.x ?? 0, picture.gaps[0]?.x ?? 0, last?.x ?? 0];
  expect((middle - left) / (right - left)).toBeCloseTo(1 / 3, 9);
  expect((last?.y ?? 1) < (first?.y ?? 0)).toBe(true);
  expect((first?.from ?? 1) < (first?.y ?? 0) && (first?.y ?? 1) < (first?.to ?? 0)).toBe(true);
  expect([picture.upper.length, picture.lower.length, picture.zone[1]?.top]).toEqual([1, 2, 0]);
  for (const { from, to } of picture.points) expect(from > 0 && to < 1).toBe(true);
  expect(trendPicture([point(moments[0] as string, null)], moments)).toBeNull();
  expect(trendPicture([point(moments[0] as string, 2)], moments.slice(0, 1))?.points[0]?.x).toBe(0.5);
});

test("ticks are round and few", () => {
  expect(ticksOf(-8, 22)).toEqual([0, 10, 20]);
  expect(ticksOf(0, 0.3)).toEqual([0, 0.1, 0.2, 0.3]);
  for (const high of [0.5, 3, 7, 44, 980]) expect(ticksOf(-high, high).length).toBeLessThan(7);
});
