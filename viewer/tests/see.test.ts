import { describe, expect, test } from "vitest";
import type { ElementRow, SceneElements } from "../src/core/elements";
import {
  angleAt,
  betweenPoints,
  FEWEST,
  fromPlane,
  fromScan,
  localPlane,
  type Place,
  written,
} from "../src/core/measure";
import { budgetOf, fitting } from "../src/core/memory";
import { clustered } from "../src/core/pins";
import { flawsOf, levelsOf } from "../src/core/plan";
import { type BuiltPose, displaced, isShown, moveOf } from "../src/core/pose";
import { csvOf, cutThrough, drawn, planeOf, planeThroughLine } from "../src/core/profile";
import { boxAround, withSide } from "../src/core/sections";
import {
  along,
  closestOnEdge,
  creases,
  cross,
  distance,
  dot,
  meetings,
  normalOf,
  sub,
  unit,
  type Vec,
} from "../src/core/space";
import { linesOf, shownOf, switched, treeOf } from "../src/core/tree";
import { EYES, heightOf, pushOf, stepOf } from "../src/core/walk";

/** Numbers 0 to 1 that are the same each time (Park and Miller 1988). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** A box as twelve triangles, outward. */
function box(low: Vec, high: Vec): Float64Array {
  const at = (k: number): Vec => [k & 1 ? high[0] : low[0], k & 2 ? high[1] : low[1], k & 4 ? high[2] : low[2]];
  const quads = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ] as const;
  return Float64Array.from(quads.flatMap(([a, b, c, d]) => [a, b, c, a, c, d].flatMap((k) => [...at(k)])));
}

describe("space", () => {
  test("a ray meets a box where its slabs say, and twice or never", () => {
    const random = dice(3);
    const shape = box([-1, -2, 0], [2, 1, 3]);
    let met = 0;
    for (let n = 0; n < 300; n += 1) {
      const origin: Vec = [random() * 20 - 10, random() * 20 - 10, 8 + random()];
      const aim: Vec = [random() * 6 - 2.5, random() * 6 - 3.5, random() * 4];
      const ray = { origin, direction: unit(sub(aim, origin)) };
      const slabs = ([0, 1, 2] as const).map((k) => {
        const ends = [[-1, 2], [-2, 1], [0, 3]][k] as [number, number]; // biome-ignore format: pairs
        const [a, b] = ends.map((end) => (end - origin[k]) / ray.direction[k]) as [number, number];
        return [Math.min(a, b), Math.max(a, b)] as const;
      });
      const [enter, leave] = [Math.max(...slabs.map(([a]) => a)), Math.min(...slabs.map(([, b]) => b))];
      const found = meetings(ray, shape).sort((one, other) => one.t - other.t);
      expect(found.length).toBe(enter < leave ? 2 : 0);
      if (!found[0]) continue;
      met += 1;
      expect(found[0].t).toBeCloseTo(enter, 9);
      expect(dot(normalOf(shape, found[0].triangle), ray.direction)).toBeLessThan(0);
    }
    expect(met).toBeGreaterThan(60);
  });
  test("a box has twelve creases, and a ray is drawn to the nearest place of one", () => {
    expect(creases(box([0, 0, 0], [1, 1, 1])).length).toBe(12);
    const ray = { origin: [0.3, -5, 1.2] as Vec, direction: [0, 1, 0] as Vec };
    const place = closestOnEdge([[0, 0, 1], [1, 0, 1]], ray); // biome-ignore format: pairs
    expect(place).toEqual([0.3, 0, 1]);
    expect(distance(place, along(ray, 5))).toBeCloseTo(0.2, 12);
  });
});

const place = (position: Vec, normal?: Vec): Place => ({
  position,
  kind: "model",
  snap: "face",
  featureId: 0,
  ...(normal ? { normal } : {}),
});

describe("measure", () => {
  test("between points, from a plane, an angle", () => {
    const [all, level, upright] = betweenPoints([place([1, 1, 1]), place([4, 5, 13])]).figures;
    expect([all?.value, level?.value, upright?.value]).toEqual([13, 5, 12]);
    expect(fromPlane([place([0, 0, 0], [0, 0, 1]), place([7, -3, -0.25])])?.figures[0]?.value).toBe(-0.25);
    expect(fromPlane([place([0, 0, 0]), place([1, 1, 1])])).toBeNull();
    const corner = angleAt([place([1, 0, 0]), place([0, 0, 0]), place([0, 3, 0])]);
    expect(corner?.figures.map(written)).toEqual(["90.00°"]);
    expect(angleAt([place([1, 0, 0]), place([1, 0, 0]), place([0, 3, 0])])).toBeNull();
  });
  test("the scan's local plane is found in any direction, with its scatter, whatever lies about", () => {
    const random = dice(11);
    const normal = unit([0.3, -0.5, 0.8]);
    const right = unit(cross(normal, [0, 0, 1]));
    const up = cross(normal, right);
    const at: Vec = [12, -7, 3];
    const points: number[] = [];
    const put = (u: number, v: number, w: number) =>
      points.push(...([0, 1, 2] as const).map((k) => at[k] + u * right[k] + v * up[k] + w * normal[k]));
    for (let n = 0; n < 600; n += 1) {
      const gauss = random() + random() + random() + random() - 2; // of variance a third
      put(random() * 0.2 - 0.1, random() * 0.2 - 0.1, 0.012 + 0.002 * Math.sqrt(3) * gauss);
    }
    for (let n = 0; n < 60; n += 1) put(random() * 0.2 - 0.1, random() * 0.2 - 0.1, 0.08 + 0.02 * random());
    const found = localPlane(at, normal, Float64Array.from(points), 0.1, 0.15);
    expect(found?.offset).toBeCloseTo(0.012, 3.5);
    expect(found?.spread).toBeGreaterThan(0.0017);
    expect(found?.spread).toBeLessThan(0.0022);
    expect(dot(found?.normal as Vec, normal)).toBeGreaterThan(0.9995);
    expect(found?.count).toBeGreaterThan(380);
    const made = fromScan(place(at, normal), found as NonNullable<typeof found>, 0.003);
    const told = Object.fromEntries((made?.figures ?? []).map((figure) => [figure.name, figure.value]));
    expect(told["uncertainty"]).toBeGreaterThanOrEqual(2 * Math.hypot(0.003, (found?.spread ?? 0) / 3) - 1e-12);
    expect(fromScan(place(at, normal), found as NonNullable<typeof found>, null)?.registered).toBe(false);
  });
  test("too few points, or points in a row, say nothing", () => {
    const row = Array.from({ length: 40 }, (_, n) => [n * 0.002, 0, 0.01]).flat();
    expect(localPlane([0, 0, 0], [0, 0, 1], Float64Array.from(row), 0.1, 0.15)).toBeNull();
    const few = Array.from({ length: FEWEST - 1 }, (_, n) => [0.01 * (n % 4), 0.01 * (n >> 2), 0]).flat();
    expect(localPlane([0, 0, 0], [0, 0, 1], Float64Array.from(few), 0.1, 0.15)).toBeNull();
  });
});

describe("profile", () => {
  const shape = box([0, 0, 0], [2, 0.4, 3]);
  test("a box is cut to its rectangle", () => {
    const plane = planeOf({ min: [0, 0, 0], max: [2, 0.4, 3] }, "across");
    const outline = cutThrough(plane, shape);
    const round = outline.reduce((sum, [a, b, c, d]) => sum + Math.hypot(c - a, d - b), 0);
    expect(round).toBeCloseTo(2 * (0.4 + 3), 9);
    expect(Math.max(...outline.flatMap(([a, , c]) => [a, c]))).toBeCloseTo(0.2, 12);
    expect(cutThrough({ ...plane, origin: [5, 0, 0] }, shape)).toEqual([]);
  });
  test("points stand as many times further from the outline; others stay out of the slab or undrawn", () => {
    const plane = planeOf({ min: [0, 0, 0], max: [2, 0.4, 3] }, "across");
    const outline = cutThrough(plane, shape);
    const positions = Float64Array.from([1, 0.404, 1.2, 1.5, 0.404, 1.2, 1, 1.4, 1.2]);
    const made = drawn(
      plane,
      outline,
      { positions, deviations: Float64Array.from([0.004, 0.004, Number.NaN]), whole: true },
      0.1,
      10,
    );
    expect(made.points.length).toBe(2);
    expect(Math.abs(made.points[0]?.drawn?.[0] as number)).toBeCloseTo(0.24, 9);
    expect(made.points[1]?.drawn).toBeNull();
    const lines = csvOf(made).trim().split("\r\n");
    expect(lines.length).toBe(1 + outline.length + 2);
    expect(lines.at(-2)).toMatch(/,4\.0$/);
    expect(lines.at(-1)).toMatch(/,$/);
  });
  test("a line in plan makes an upright plane; one without length none", () => {
    expect(planeThroughLine([0, 0, 1], [3, 4, 5])).toEqual({
      origin: [1.5, 2, 3],
      right: [0.6, 0.8, 0],
      up: [0, 0, 1],
    });
    expect(planeThroughLine([0, 0, 1], [0, 0, 5])).toBeNull();
  });
});

const scene = (boxes: [number, number][], storeys: string[]): SceneElements =>
  ({
    count: boxes.length,
    origin_m: [0, 0, 100],
    box_mm: {
      min_x: boxes.map(() => 0), min_y: boxes.map(() => 0), min_z: boxes.map(([low]) => low * 1000),
      max_x: boxes.map(() => 1000), max_y: boxes.map(() => 1000), max_z: boxes.map(([, high]) => high * 1000),
    },
    storeys,
  }) as unknown as SceneElements; // biome-ignore format: columns

const row = (id: number, more: Partial<ElementRow>): ElementRow => ({
  id, globalId: `g${id}`, name: `Element ${id}`, ifcClass: "IfcWall", storey: "A", verdict: "pass", status: "verified",
  worst: null, ncr: null, ...more,
}); // biome-ignore format: columns

describe("plan, tree, memory", () => {
  test("a storey's elevation is taken where it fits its elements, else the floor is estimated", () => {
    const rows = [row(0, {}), row(1, { storey: "B" }), row(2, { storey: "B" })];
    const made = levelsOf(scene([[0, 3], [3, 6], [3, 6]], []), rows, [{ name: "A", elevation_m: 100 }, { name: "B", elevation_m: 3 }]); // biome-ignore format: pairs
    expect(made).toEqual([
      { name: "A", floor: 0, estimated: false },
      { name: "B", floor: 3, estimated: true },
    ]);
  });
  test("pins are what fails, is missing, or has a record that is not closed", () => {
    const ncr = (state: string) => ({ ncr: { id: "n", number: "N-1", state }, verdict: "fail" });
    const rows = [
      row(0, {}),
      row(1, { verdict: "fail" }),
      row(2, { status: "missing" }),
      row(3, ncr("open")),
      row(4, { ...ncr("closed"), verdict: "pass" }),
    ];
    const made = flawsOf(
      scene(
        rows.map(() => [0, 3]),
        [],
      ),
      rows,
      "A",
    );
    expect(made.map((one) => [one.row.id, one.kind])).toEqual([[3, "ncr"], [2, "missing"], [1, "fail"]]); // biome-ignore format: pairs
  });
  test("the tree holds each element once; its state is that of what it holds", () => {
    const rows = [row(0, {}), row(1, { ifcClass: "IfcBeam" }), row(2, { storey: "" })];
    const tree = treeOf(rows, ["A"]);
    expect(tree.flatMap((node) => node.ids).sort()).toEqual([0, 1, 2]);
    expect(linesOf(tree, new Set(["A/"]), 10).map((one) => one.node.label)).toEqual(["A", "IfcBeam", "IfcWall", ""]);
    const ids = tree[0]?.ids ?? [];
    expect(shownOf(ids, new Set([1]))).toBe("mixed");
    expect(shownOf(ids, switched(ids, new Set([1])))).toBe(true);
    expect(shownOf(ids, switched(ids, new Set()))).toBe(false);
  });
  test("a phone loads whole storeys within its budget, and at least one", () => {
    const parts = [{ storey: "A", triangles: 2e6 }, { storey: "A", triangles: 2e6 }, { storey: "B", triangles: 1e6 }, { storey: "C", triangles: 9e6 }]; // biome-ignore format: columns
    expect([...fitting(parts, ["B", "C", "A"], 6e6)]).toEqual(["B", "A"]);
    expect([...fitting(parts, ["C"], 1e6)]).toEqual(["C"]);
    expect(budgetOf({ memory: 4, touch: true })).toBeLessThan(budgetOf({ memory: 8, touch: false }));
    expect(budgetOf({ memory: undefined, touch: true })).toBe(3e6);
  });
});

describe("pose, pins, walk, sections", () => {
  const pose = (move: (number | null)[], turn: (number | null)[]): BuiltPose =>
    ({
      translation_mm: move,
      rotation_deg: turn,
      uncertainty_mm: [1, 1, 1],
      rotation_uncertainty_deg: [1, 1, 1],
    }) as BuiltPose;
  test("what is not seen is named, and is no move", () => {
    const one = pose([12, null, -3], [0, 0, null]);
    expect(moveOf(one).unseen).toEqual([[0, 1, 0]]);
    expect(isShown(pose([null, null, null], [0, 0, 0]))).toBe(false);
    const [x, y, z] = displaced([2, 0, 0], [1, 0, 0], pose([10, 0, null], [0, 0, 9]), 10);
    expect([x, y, z].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([1.1, 1, 0]);
  });
  test("pins closer than a finger become one", () => {
    const made = clustered([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 90, y: 0 }], 34); // biome-ignore format: pairs
    expect(made.map((one) => one.members.length)).toEqual([2, 1]);
  });
  test("one walks where one looks, no faster on the diagonal, and comes down to the floor", () => {
    const push = pushOf(new Set(["KeyW", "KeyD"]), { x: 0, y: 0 });
    expect(Math.hypot(push.forward, push.right)).toBeCloseTo(1, 12);
    const { x, y } = stepOf({ forward: 1, right: 0, up: 0 }, Math.PI / 2, 2);
    expect([x, y].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([-2, 0]);
    expect(heightOf(5, 1, 0.1, true)).toBe(1 + EYES);
    expect(heightOf(5, 1, 0.1, false)).toBeCloseTo(4.4, 12);
    expect(heightOf(5, null, 0.1, false)).toBe(5);
  });
  test("a section box keeps room, whatever is typed", () => {
    const whole = boxAround({ min: [0, 0, 0], max: [1, 1, 1] }, 0.5);
    expect(withSide(whole, 0, "min", 9).min[0]).toBeCloseTo(1.45, 12);
    expect(withSide(whole, 2, "max", Number.NaN)).toBe(whole);
  });
});
