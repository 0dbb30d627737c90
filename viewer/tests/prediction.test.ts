import { describe, expect, it } from "vitest";
import {
  amount,
  type Fared,
  ofTab,
  type Prediction,
  parted,
  percent,
  ranked,
  scoreOf,
  standingOf,
  sumOf,
} from "../src/core/prediction";
import { bodyOf, NO_ASSEMBLY, NO_STAKES } from "../src/core/rehearsal";
import { modelOf } from "../src/core/unit-scores";
import { en, zh } from "../src/core/words/ahead";

const WORTH = { rank: 1, chosen: true, cost: "40", minutes: "12", risk: "12", saving: "10" };
const made = (id: string, probability: string, more: Partial<Prediction> = {}): Prediction =>
  ({
    id,
    title: id,
    probability,
    candidate: false,
    worth: null,
    settled: null,
    state: "predicted",
    ...more,
  }) as Prediction;

describe("what is predicted", () => {
  it("is ranked as inspections are worth it, what is none by its probability after them", () => {
    const all = [
      made("clash", "0.99"),
      made("second", "0.9", { worth: { ...WORTH, rank: 2 } }),
      made("joint", "0.3"),
      made("first", "0.1", { worth: WORTH }),
    ];
    expect(ranked(all).map((one) => one.id)).toEqual(["first", "second", "clash", "joint"]);
    expect(ranked([...all].reverse()).map((one) => one.id)).toEqual(["first", "second", "clash", "joint"]);
  });

  it("is a candidate, or worth an inspection, or both", () => {
    const all = [
      made("a", "0.2", { candidate: true, worth: { ...WORTH, chosen: false } }),
      made("b", "0.1", { worth: WORTH }),
      made("c", "0.6", { candidate: true }),
    ];
    expect(ofTab(all, "candidates").map((one) => one.id)).toEqual(["c", "a"]);
    expect(ofTab(all, "inspect").map((one) => one.id)).toEqual(["b"]);
    expect(ofTab(all, "found")).toHaveLength(3);
    expect(sumOf(all)).toEqual({ minutes: 24, saving: 20 });
  });

  it("is not buried by clashes of the design, which are sure and many", () => {
    const clash = (id: string, low: string | null) => made(id, "1", { kind: "clash", low, high: low, candidate: true });
    const likely = made("wall", "0.7", { kind: "out_of_tolerance", low: "0.5", high: "0.9", candidate: true });
    const all = ofTab([clash("sure", null), clash("by chance", "0.9"), likely, clash("sure too", null)], "candidates");
    const names = parted(all).map((part) => part.map((one) => one.id));
    expect(names).toEqual([
      ["by chance", "wall"],
      ["sure", "sure too"],
    ]);
    expect(parted([clash("alone", null)])[0]).toHaveLength(1);
  });

  it("is never said to be sure or impossible where it is not", () => {
    expect(["0", "0.0004", "0.0123", "0.0995", "0.126402", "0.5", "0.995", "0.9996", "1"].map(percent)).toEqual([
      "0 %", "< 0.1 %", "1.2 %", "10 %", "13 %", "50 %", "99.5 %", "> 99.9 %", "100 %",
    ]); // biome-ignore format: pairs
    expect(["0.126", "12.64", "1264.4", "40"].map(amount)).toEqual(["0.13", "12.6", "1264", "40"]);
  });

  it("is scored only by what a check measured", () => {
    const settled = { by: "", name: "", at: "", reason: "", check_run: "c", signed_as: null };
    expect(scoreOf(made("a", "0.8", { state: "confirmed", settled }))).toBeCloseTo(0.04);
    expect(scoreOf(made("a", "0.8", { state: "refuted", settled }))).toBeCloseTo(0.64);
    expect(scoreOf(made("a", "0.8", { state: "confirmed", settled: { ...settled, check_run: null } }))).toBeNull();
    expect(scoreOf(made("a", "0.8"))).toBeNull();
  });
});

describe("how predictions fared", () => {
  const WELL = { measured: 50, skill: 0.2, calibration_z: 0.3, cusum_alarm_at: null, ewma_alarm_at: null } as Fared;

  it("is told by the worst that is known, and nothing is claimed of a few", () => {
    expect(standingOf(WELL)).toBe("holds");
    expect(standingOf({ ...WELL, measured: 0 })).toBe("nothing");
    expect(standingOf({ ...WELL, measured: 9 })).toBe("few");
    expect(standingOf({ ...WELL, measured: 9, cusum_alarm_at: 4 })).toBe("drifts");
    expect(standingOf({ ...WELL, ewma_alarm_at: 12, calibration_z: 3 })).toBe("drifts");
    expect(standingOf({ ...WELL, calibration_z: -2.2 })).toBe("uncalibrated");
    expect(standingOf({ ...WELL, skill: -0.01 })).toBe("useless");
  });

  it("does not praise what could not be told from the average", () => {
    expect(standingOf({ ...WELL, skill: null })).not.toBe("holds");
  });
});

describe("what hangs on elements", () => {
  const asked = {
    kind: "prediction",
    revision: "r",
    assembly: NO_ASSEMBLY,
    minutes: "",
    lang: "en",
  } as const;

  it("is sent as the server takes it; what is left open of a class is what holds for all", () => {
    expect(bodyOf({ ...asked, stakes: NO_STAKES })).toEqual({
      kind: "prediction", revision: "r", lang: "en", budget_minutes: "480", cost: "1", minutes: "10", classes: [],
    }); // biome-ignore format: one body
    const classes = [{ ifc_class: "IfcColumn", cost: "250", minutes: "" }];
    const stakes = { cost: "40", minutes: "12", candidateFrom: "20", classes };
    expect(bodyOf({ ...asked, stakes })).toMatchObject({
      cost: "40", minutes: "12", candidate_from: "0.2", classes: [{ ifc_class: "IfcColumn", cost: "250", minutes: "12" }],
    }); // biome-ignore format: one body
  });
});

describe("what is asked of a model's clashes", () => {
  const asked = {
    kind: "assembly", revision: "r", assembly: NO_ASSEMBLY, minutes: "", stakes: NO_STAKES, lang: "zh",
  } as const; // biome-ignore format: one body

  it("is all there as designed, unless somebody says otherwise", () => {
    const all = { kind: "assembly", revision: "r", lang: "zh", clearance_mm: "0", sequence: "none" };
    expect(bodyOf(asked)).toEqual(all);
    const both = { ...NO_ASSEMBLY, inTime: true, asBuilt: true };
    expect(bodyOf({ ...asked, assembly: both })).toEqual({ ...all, in_time: true, as_built: true });
  });

  it("names the uploads of rules and of parts as scanned", () => {
    const file = new File(["ply"], "column.ply");
    const scanned = ["A", "B"].map((element) => ({ element, file }));
    const assembly = { ...NO_ASSEMBLY, access: file, scanned, noiseMm: "2" };
    expect(bodyOf({ ...asked, assembly }, { access: "u0", scanned: ["u1", "u2"] })).toMatchObject({
      access: "u0", shape_noise_mm: "2",
      shapes: [{ global_id: "A", upload: "u1" }, { global_id: "B", upload: "u2" }],
    }); // biome-ignore format: one body
    expect(bodyOf({ ...asked, assembly: { ...NO_ASSEMBLY, noiseMm: "2" } })).not.toHaveProperty("shape_noise_mm");
  });
});

describe("what a model says of units", () => {
  const told = {
    schema: "qtems.quality/1",
    learnt_from: { units: 1000, defective: 80 },
    tried_on: { better_than_all_alike: true },
    threshold: { probability: 0.15 },
    new: null,
    notes: [],
  };

  it("is read as far as it is shown, and nothing of another schema", () => {
    expect(modelOf(JSON.stringify(told))).toMatchObject({
      learntFrom: 1000,
      useful: true,
      threshold: 0.15,
      fresh: null,
    });
    const drift = { alarm_at_batch: 3 };
    const fresh = {
      file: "today.csv", units: 60, to_act_on: 4, expected_defective: 5.2, outside_of_what_was_learnt_from: 1,
      likeliest: [{ unit: "N7", probability: 0.4, low: 0.3, high: 0.5 }], drift,
    }; // biome-ignore format: one document
    expect(modelOf(JSON.stringify({ ...told, new: fresh })).fresh).toMatchObject({ toActOn: 4, alarm: 3, outside: 1 });
    expect(() => modelOf(JSON.stringify({ ...told, schema: "qtems.quality/2" }))).toThrow("qtems.quality/2");
  });
});

describe("its words", () => {
  it("say in Chinese what they say in English, with the same figures", () => {
    const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(holes(zh[key]), key).toEqual(holes(en[key]));
      expect(zh[key], key).toMatch(/[\u4e00-\u9fff，]|CUSUM/);
    }
  });
});
