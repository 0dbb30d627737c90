import { describe, expect, it, test } from "vitest";
import { boxOf, joined, knownFrom, markOf, matches, NO_FILTER, type SceneElements, sorted } from "../src/core/elements";
import { chartOf, limitsText, millimetres, recordedText, shortValue, valueText } from "../src/core/limits";
import { diverging, rampTexels, spread, VERDICTS } from "../src/core/palette";
import { parsed, written } from "../src/core/route";
import { tradeOf } from "../src/core/trades";

const SCENE: SceneElements = {
  schema: "qtems.scene.elements/1",
  count: 3,
  origin_m: [1000, 2000, 0],
  global_id: ["A", "B", "C"],
  name: ["Column 10", "Column 9", ""],
  ifc_class: { values: ["IfcColumn", "IfcWall"], index: [0, 0, 1] },
  type_name: { values: [""], index: [0, 0, 0] },
  storey: { values: ["Upper", "Lower"], index: [0, 1, 0] },
  materials: { values: [""], index: [0, 0, 0] },
  part: [0, 0, -1],
  triangles: [12, 12, 0],
  clear: [],
  box_mm: {
    min_x: [0, 1000, null],
    min_y: [0, 0, null],
    min_z: [0, 0, null],
    max_x: [400, 1400, null],
    max_y: [400, 400, null],
    max_z: [3000, 3000, null],
  },
};
const KNOWN = knownFrom({
  global_id: ["B", "X"],
  verdict: { values: ["pass", "fail"], index: [1, 0] },
  status: { values: ["deviating", "verified"], index: [0, 1] },
  characteristic: { values: [null, "position"], index: [1, 0] },
  actual_mm: [-14.2, null],
  uncertainty_mm: [1.9, null],
  ncr: { values: [null, { id: "n", number: "T-NCR-0001", state: "open" }], index: [1, 0] },
});
const table = joined(SCENE, KNOWN);

test("a class belongs to the trade that builds it", () => {
  const told = ["IfcColumn", "IfcWallStandardCase", "IfcPipeSegment", "IfcDuctFitting", "IfcFlowTerminal", "IfcWindow",
    "IfcRailing", "IfcRailway", "IfcReinforcingBar", "IfcBuildingElementProxy", "IfcRoof", "IfcKerb"].map(tradeOf); // biome-ignore format: classes
  expect(told).toEqual(["structure", "walls", "services", "services", "services", "openings", "finishes", "civil",
    "structure", "other", "finishes", "civil"]); // biome-ignore format: trades
});

describe("elements", () => {
  it("say of what no check has seen that it was not checked", () => {
    expect(table.rows.map((row) => [row.globalId, row.verdict, row.status])).toEqual([
      ["A", "unknown", "planned"],
      ["B", "fail", "deviating"],
      ["C", "unknown", "planned"],
    ]);
    expect(table.rows[1]?.worst).toEqual({ characteristic: "position", actual_mm: -14.2, uncertainty_mm: 1.9 });
    expect([table.rows[1]?.ncr?.number, table.rows[0]?.ncr]).toEqual(["T-NCR-0001", null]);
    expect(KNOWN.get("X")).toEqual({ verdict: "pass", status: "verified", worst: null, ncr: null, stated: null });
    expect(table.byGlobalId.get("B")).toBe(1);
    expect(table.storeys).toEqual(["Upper", "Lower"]);
  });

  it("are found by name, class and GlobalId, whatever the case", () => {
    const found = (filter: Partial<typeof NO_FILTER>) =>
      table.rows.filter((row) => matches(row, { ...NO_FILTER, ...filter })).map((row) => row.globalId);
    expect(found({ text: " column 1" })).toEqual(["A"]);
    expect(found({ text: "ifcwall" })).toEqual(["C"]);
    expect(found({ text: "b" })).toEqual(["B"]);
    expect(found({ storey: "Upper", ifcClass: "IfcColumn" })).toEqual(["A"]);
    expect(found({ verdict: "pass" })).toEqual([]);
    expect(found({ trade: "walls" })).toEqual(["C"]);
    expect(found({ trade: "structure", record: "open" })).toEqual(["B"]);
    expect(found({ record: "none" })).toEqual(["A", "C"]);
    expect(found({ text: "ncr-0001" }), "by the number of its record").toEqual(["B"]);
    expect(found({})).toEqual(["A", "B", "C"]);
  });

  it("are sorted with numbers in names as numbers, the gravest verdict first", () => {
    const order = (...by: Parameters<typeof sorted> extends [unknown, ...infer R] ? R : never) =>
      sorted(table.rows, ...by).map((row) => row.globalId);
    expect(order("name", false)).toEqual(["C", "B", "A"]);
    expect(order("verdict", false)).toEqual(["B", "C", "A"]); // by name where nothing else tells them apart
    expect(order("worst", false)[0]).toBe("B");
    expect(order("verdict", true)).toEqual(["C", "A", "B"]);
  });

  it("that are missing are marked so and come before all others that fail, whatever is measured", () => {
    const [first, second] = table.rows as [(typeof table.rows)[0], (typeof table.rows)[0]];
    const gone = { ...first, id: 7, globalId: "M", verdict: "fail", status: "missing" };
    for (const by of ["verdict", "worst"] as const)
      expect(sorted([first, second, gone], by, false).map((row) => row.globalId)).toEqual(["M", "B", "A"]);
    expect([markOf(gone), markOf(second), markOf(first)]).toEqual(["missing", "fail", "unknown"]);
    expect([gone, second].map((row) => matches(row, { ...NO_FILTER, verdict: "missing" }))).toEqual([true, false]);
    expect(VERDICTS["missing"]?.sign).toBe("○");
  });

  it("have a box in metres, and none without a shape", () => {
    expect(boxOf(SCENE, 1)).toEqual({ min: [1, 0, 0], max: [1.4, 0.4, 3] });
    expect(boxOf(SCENE, 2)).toBeNull();
  });
});

describe("a value against its limits", () => {
  const one = {
    actual_mm: 12,
    lower_mm: -8,
    upper_mm: 8,
    expanded_uncertainty_mm: 2,
  };

  it("lies where it is, with its interval around it", () => {
    const chart = chartOf(one);
    if (!chart || chart.lower === null || chart.upper === null) throw new Error("there is a chart");
    const middle = (chart.lower + chart.upper) / 2;
    expect((chart.actual - middle) / (chart.upper - middle)).toBeCloseTo(12 / 8);
    expect(chart.to - chart.from).toBeCloseTo(((chart.upper - chart.lower) * 4) / 16);
    expect(chart.lower).toBeGreaterThan(0);
    expect(chart.to).toBeLessThan(1);
  });

  it("may have one limit, or not have been measured", () => {
    expect(chartOf({ ...one, lower_mm: null })?.lower).toBeNull();
    expect(chartOf({ ...one, actual_mm: null })).toBeNull();
    expect(
      chartOf({
        actual_mm: 0,
        lower_mm: 0,
        upper_mm: 0,
        expanded_uncertainty_mm: 0,
      })?.actual,
    ).toBe(0.5);
  });

  it("is written with a true minus and never as minus nothing", () => {
    expect([12.34, -0.04, -7, 0, null].map(millimetres)).toEqual(["+12.3", "0.0", "−7.0", "0.0", "–"]);
  });
});

describe("colours", () => {
  const luminance = ([r, g, b]: readonly [number, number, number]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

  it("of deviations run dark, light, dark, so that size shows without colour", () => {
    const side = (sign: number) => [0.02, 0.25, 0.5, 0.75, 1].map((share) => luminance(diverging(sign * share)));
    for (const sign of [-1, 1]) {
      const steps = side(sign);
      expect([...steps].sort((one, other) => other - one)).toEqual(steps);
    }
    expect(diverging(5)).toEqual(diverging(1));
    expect(rampTexels(16)).toHaveLength(64);
  });

  it("of verdicts each have their own sign", () => {
    const signs = Object.values(VERDICTS).map((one) => one.sign);
    expect(new Set(signs).size).toBe(signs.length);
    expect(new Set(Array.from({ length: 24 }, (_, n) => spread(n).join())).size).toBe(24);
  });
});

describe("an address", () => {
  it("says the same after it was read", () => {
    const place = {
      project: "p1",
      epoch: "e1",
      check: "",
      element: "2O2Fr$t4X7Zf8NOew3FLOH",
      colour: "storey",
      filter: "",
      record: "ncr:7",
    };
    const url = new URL(written(place), "http://here");
    expect(parsed(url)).toEqual(place);
    expect(written({ ...place, project: "" })).toBe("/");
    expect(parsed(new URL("http://here/#/projects/p1/ncrs/n7"))).toMatchObject({ project: "p1", record: "ncr:n7" });
    expect(parsed(new URL("http://here/elsewhere"))).toEqual({
      project: "",
      epoch: "",
      check: "",
      element: "",
      colour: "",
      filter: "",
      record: "",
    });
  });
});

describe("what a record says was measured", () => {
  const requirement = { characteristic: "axis_position", lower: "-8", upper: "8", unit: "mm" };
  const measured = { value: "-28.1982", expanded_uncertainty: "1.0491" };

  it("is written as everywhere else, other units as they were entered", () => {
    expect(recordedText({ requirement, measured })).toEqual(["−28.2 ± 1.0 mm", "−8.0 … +8.0 mm"]);
    expect(recordedText({ requirement, measured: null })[0]).toBe("Not measured");
    const grade = { ...requirement, lower: "30", upper: null, unit: "MPa" };
    expect(recordedText({ requirement: grade, measured })).toEqual(["−28.1982 ± 1.0491 MPa", "30 … – MPa"]);
  });
});

describe("F-numbers", () => {
  const floor = { actual_mm: 3.05, lower_mm: 0, upper_mm: 3.3165, expanded_uncertainty_mm: 0.2 };

  it("are read without a unit, with their interval", () => {
    const one = { ...floor, characteristic: "floor_flatness", note: "" };
    expect(valueText(one)).toEqual(["FF 38.1", "(35.7 … 40.7)"]);
    expect(limitsText(one)).toBe("FF ≥ 35");
    expect(valueText({ ...one, note: "floor_at_least" })).toEqual(["FF ≥ 35.7", ""]);
    expect(shortValue("floor_levelness", 12.7)).toBe("FL 25.0");
    expect(valueText({ ...one, actual_mm: 0, expanded_uncertainty_mm: 1 })[0]).toBe("FF 999.0");
  });

  it("leave lengths as they were", () => {
    const one = { ...floor, characteristic: "flatness" };
    expect(valueText(one)).toEqual(["+3.0", "± 0.2 mm"]);
    expect(limitsText(one)).toBe("0.0 … +3.3 mm");
    expect(shortValue("level", -2)).toBe("−2.0");
    expect(valueText({ ...one, actual_mm: null, expanded_uncertainty_mm: null })).toEqual(["Not measured", ""]);
  });
});
