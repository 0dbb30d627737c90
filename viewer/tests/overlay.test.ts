import { describe, expect, it } from "vitest";
import { entered } from "../src/core/free-space";
import {
  arrivalAt,
  arrivalsIn,
  clashesBy,
  coloursOf,
  lookAt,
  moments,
  OverlayFault,
  overlayOf,
  SCHEMA,
  shade,
  type Track,
} from "../src/core/overlay";
import type { Vec } from "../src/core/space";

const WHOLE = {
  schema: SCHEMA,
  title: "Erection order",
  values: { name: "Risk", unit: "%", low: 0, high: 100, elements: { A: 12.5 } },
  tracks: [
    {
      element: "A",
      keys: [
        { t: 1, visible: false },
        { t: 2, visible: true, move_m: [0, 0, 4], state: "lifted", colour: "#d55e00" },
        { t: 6, move_m: [0, 0, 0], state: "placed" },
      ],
    },
  ],
  clashes: [{ id: "1", elements: ["A", "B"], at_m: [1, 2, 3], depth_mm: 12, label: "Duct through beam" }],
};
const text = (change: object) => JSON.stringify({ ...WHOLE, ...change });
const shown = overlayOf(text({}));
const track = shown.tracks[0] as Track;

describe("an overlay", () => {
  it("is read whole", () => {
    expect([shown.title, shown.seconds, shown.values?.of.get("A")]).toEqual(["Erection order", 6, 12.5]);
    expect(shown.clashes[0]).toEqual({
      id: "1",
      elements: ["A", "B"],
      at: [1, 2, 3],
      depthMm: 12,
      label: "Duct through beam",
    });
    expect(moments(shown)).toEqual([0, 1, 2, 6]);
  });

  it("says where something has to be free, by eight corners", () => {
    const space = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => [k >> 2, (k >> 1) & 1, k & 1]);
    const clash = { id: "1", elements: ["A", "B"], at_m: [1, 2, 3] };
    expect(overlayOf(text({ clashes: [{ ...clash, space_m: space }] })).clashes[0]?.box).toEqual(space);
    expect(overlayOf(text({ clashes: [clash] })).clashes[0]?.box).toBeUndefined();
    const said = { rule: "doors", towards: "front", distance_mm: 1000, free_mm: 600, by_faces: false };
    const told = overlayOf(text({ clashes: [{ ...clash, space_m: space, space: said, probability: 0.7 }] })).clashes[0];
    expect(told?.space).toEqual({ rule: "doors", towards: "front", distanceMm: 1000, freeMm: 600, byFaces: false });
    expect(told?.probability).toBe(0.7);
    expect(() => overlayOf(text({ clashes: [{ ...clash, space: { ...said, free_mm: "x" } }] }))).toThrow(/free_mm/);
    expect(() => overlayOf(text({ clashes: [{ ...clash, space_m: space.slice(1) }] }))).toThrow(/space_m: not eight/);
  });

  it("is met by rays through the box alone, turned or not", () => {
    const [turned, wide] = [Math.PI / 6, [2, 3, 4] as const];
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((k): Vec => {
      const [x, y, z] = [((k >> 2) & 1) * wide[0], ((k >> 1) & 1) * wide[1], (k & 1) * wide[2]];
      return [x * Math.cos(turned) - y * Math.sin(turned), x * Math.sin(turned) + y * Math.cos(turned), z];
    });
    const middle: Vec = [Math.cos(turned) - 1.5 * Math.sin(turned), Math.sin(turned) + 1.5 * Math.cos(turned), 2];
    const from = (way: Vec): Vec => [middle[0] - 10 * way[0], middle[1] - 10 * way[1], middle[2] - 10 * way[2]];
    const along: Vec = [Math.cos(turned), Math.sin(turned), 0];
    expect(entered(corners, { origin: from(along), direction: along })).toBeCloseTo(9, 9);
    expect(entered(corners, { origin: from([0, 0, 1]), direction: [0, 0, 1] })).toBeCloseTo(8, 9);
    expect(entered(corners, { origin: from([0, 0, 1]), direction: [0, 0, -1] })).toBeNull();
    expect(entered(corners, { origin: middle, direction: along })).toBe(0);
    expect(entered(corners, { origin: [9, 9, 2], direction: [0, 0, 1] })).toBeNull();
  });

  it("holds an element as its first key says until then, steps from key to key and moves evenly between", () => {
    expect(lookAt(track, 0).visible).toBe(false);
    expect(lookAt(track, 1.9)).toMatchObject({ visible: false, colour: null, state: "" });
    expect(lookAt(track, 2)).toEqual({ visible: true, colour: [213, 94, 0], state: "lifted", move: [0, 0, 4] });
    expect(lookAt(track, 3)).toMatchObject({ state: "lifted", move: [0, 0, 3] });
    expect(lookAt(track, 99)).toEqual({ visible: true, colour: [213, 94, 0], state: "placed", move: [0, 0, 0] });
  });

  it("is refused with the place of what is wrong, and never shown in part", () => {
    const key = (one: object) => text({ tracks: [{ element: "A", keys: [one] }] });
    const wrong: [string, string][] = [
      ["{", "no JSON"],
      ["[]", "document: no object"],
      [text({ schema: "qtems.overlay/2" }), "schema: qtems.overlay/2"],
      [text({ tracks: [{ element: "", keys: [{ t: 0 }] }] }), "tracks[0].element: empty"],
      [text({ tracks: [{ element: "A", keys: [] }] }), "tracks[0].keys: none"],
      [text({ tracks: [{ element: "A", keys: [{ t: 1 }, { t: 1 }] }] }), "tracks[0].keys[1].t: not after"],
      [key({ t: -1 }), "keys[0].t: before the beginning"],
      [key({ t: 0, turn_deg: 90 }), "keys[0].turn_deg: not known"],
      [key({ t: 0, colour: "red" }), "keys[0].colour: no colour"],
      [key({ t: 0, move_m: [0, 1] }), "keys[0].move_m: not three"],
      [text({ duration_s: 3 }), "duration_s: 3, but there is a key at 6"],
      [text({ values: { name: "R", low: 1, high: 1, elements: {} } }), "values.high: not above"],
      [text({ clashes: [{ id: "1", elements: ["A"], at_m: [0, 0, 0] }] }), "clashes[0].elements[1]"],
    ];
    for (const [document, why] of wrong) {
      expect(() => overlayOf(document), why).toThrow(OverlayFault);
      expect(() => overlayOf(document)).toThrow(why);
    }
  });

  it("gets darker with the value", () => {
    if (!shown.values) throw new Error("there are values");
    const grey = (value: number) => shade(shown.values as never, value).reduce((sum, one) => sum + one, 0);
    expect([grey(-5), grey(0)]).toEqual([grey(0), grey(0)]);
    expect([grey(0) > grey(50), grey(50) > grey(100)]).toEqual([true, true]);
  });
});

it("what is played says what its colours mean, each once", () => {
  const track = (element: string, state: string, colour: string) => ({
    element,
    keys: [
      { t: 0, visible: false },
      { t: 1, visible: true, colour },
      { t: 2, state },
    ],
  });
  const tracks = [
    track("a", "in place", "#0072b2"),
    track("b", "blocked", "#d55e00"),
    track("c", "in place", "#0072b2"),
    { element: "d", keys: [{ t: 0, move_m: [0, 0, 1] }] },
  ];
  const shown = overlayOf(JSON.stringify({ schema: "qtems.overlay/1", tracks }));
  expect(coloursOf(shown)).toEqual([
    { state: "in place", colour: [0, 114, 178] },
    { state: "blocked", colour: [213, 94, 0] },
  ]);
});

describe("an order of building", () => {
  const track = (element: string, from: number, to: number, state = "in place") => ({
    element,
    keys: [
      ...(from > 0 ? [{ t: 0, visible: false }] : []),
      { t: from, visible: true, move_m: [0, 0, 3] },
      { t: to, move_m: [0, 0, 0], state },
    ],
  });
  const order = overlayOf(
    JSON.stringify({
      schema: SCHEMA,
      tracks: [track("C", 4, 6, "blocked"), track("A", 0, 2), track("B1", 2, 4), track("B2", 2, 4)],
    }),
  );

  it("is told in steps: what comes together is one", () => {
    const steps = arrivalsIn(order);
    expect(steps.map(({ elements }) => elements)).toEqual([["A"], ["B1", "B2"], ["C"]]);
    expect([0, 1, 2, 2.1, 4, 5, 6, 99].map((t) => arrivalAt(steps, t))).toEqual([0, 0, 0, 1, 1, 2, 2, 2]);
  });

  it("has no steps where nothing comes", () => {
    expect(arrivalsIn(overlayOf(JSON.stringify({ schema: SCHEMA })))).toEqual([]);
  });
});

describe("clashes", () => {
  const clash = (id: string, depth: number | null) => ({
    id,
    elements: [id, "x"] as const,
    at: [0, 0, 0] as const,
    depthMm: depth,
    label: "hard",
  });
  const all = [clash("b10", 20), clash("b9", null), clash("a", 200), clash("c", 20)];

  it.each([
    ["depth", ["a", "b10", "c", "b9"]],
    ["kind", ["b10", "b9", "a", "c"]],
    ["name", ["a", "b9", "b10", "c"]],
  ] as const)("are listed by %s", (by, expected) => {
    expect(clashesBy(by, all, (id) => id).map(({ id }) => id)).toEqual(expected);
  });
});
