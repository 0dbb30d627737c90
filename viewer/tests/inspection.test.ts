import { describe, expect, test } from "vitest";
import {
  aboutOf,
  bodyOf,
  dueOf,
  EMPTY,
  type Execution,
  type Inspection,
  type InspectionLine,
  isFilled,
  isMine,
  overlaid,
  type Question,
  raisedFrom,
  standingOf,
} from "../src/core/inspection";
import { type Entry, nextOf } from "../src/core/outbox";
import { parsed } from "../src/core/route";

const AXIS = {
  id: "c1",
  name: "axis position",
  kind: "numeric",
  weight: "main",
  source: "GB 50204-2015, 8.3.2",
  lower: "-8",
  upper: "8",
  unit: "mm",
  resolution: "1",
  expected: true,
  choices: [],
  conforming: [],
  required: true,
  photo_on_fail: true,
} as Question;
const TAPE = {
  serial: "T-7",
  kind: "tape",
  calibrated_on: "2026-01-01",
  calibrated_until: "2027-01-01",
  unit: "mm",
  expanded_uncertainty: "1",
};

function inspection(change: object = {}, answers: object[] = []): Inspection {
  const record = {
    id: "i1",
    number: "T-INS-0001",
    state: "in_progress",
    lot: ["A", "B"],
    sample: { global_ids: ["A", "B"], lot_size: 2, seed: 0, source: "100 %" },
    characteristics: [AXIS],
    instruments: [TAPE],
    readings: [],
    ...change,
  };
  return { id: "i1", version: 3, record, answers, asked: 2 } as unknown as Inspection;
}

const entry = (change: Partial<Entry>): Entry => ({
  key: "k",
  project: "p",
  kind: "answer",
  text: "",
  about: aboutOf("i1"),
  method: "POST",
  path: "/",
  body: { characteristic: "c1", global_id: "B" },
  user: "u",
  at: 0,
  state: "waiting",
  tries: 0,
  sentAt: null,
  refusal: null,
  chained: true,
  ...change,
});

describe("an answer as it is sent", () => {
  test("holds only what its question asks for, so that nothing typed before slips in", () => {
    const typed = {
      ...EMPTY,
      number: "+12.",
      uncertainty: "1.5",
      instrument: "T-7",
      flag: "yes" as const,
      choice: "x",
    };
    const body = bodyOf(AXIS, "A", typed, [], "2026-11-22T08:00:00Z");
    expect([body.number, body.expanded_uncertainty, body.flag, body.choice]).toEqual(["12", "1.5", null, ""]);
    const yes = bodyOf({ ...AXIS, kind: "boolean" }, "A", typed, [], "");
    expect([yes.number, yes.instrument, yes.flag]).toEqual([null, "", true]);
  });
  test("that was not measured holds no value", () => {
    const body = bodyOf(AXIS, "A", { ...EMPTY, number: "3", instrument: "T-7", notMeasured: "hidden" }, [], "");
    expect([body.number, body.instrument, body.not_measured]).toEqual([null, "", "hidden"]);
  });
  test.each([
    ["", false],
    ["-", false],
    [".", false],
    ["1e3", false],
    ["-0.5", true],
    [".5", true],
    ["7.", true],
  ])("a number typed as %j can be sent: %j", (number, fits) => {
    expect(isFilled(AXIS, { ...EMPTY, number }, 0)).toBe(fits);
  });
});

describe("what waits here, laid over what the server has", () => {
  const fail = { characteristic: "c1", global_id: "A", outcome: "fail", missing: [] };
  const reading = { characteristic: "c1", global_id: "A", number: "12", instrument: "T-7", photos: [] };
  test("counts as answered but not as judged", () => {
    const seen = inspection({ readings: [reading] }, [fail]);
    const shown = overlaid(seen, [entry({})]);
    expect([shown.answered, shown.waiting]).toEqual([2, 1]);
    expect(["A", "B"].map((one) => standingOf(shown, seen.record, one))).toEqual(["fail", "waiting"]);
  });
  test("hides the verdict of the answer that it corrects", () => {
    const seen = inspection({ readings: [reading] }, [fail]);
    const correcting = entry({ body: { characteristic: "c1", global_id: "A" } });
    expect(standingOf(overlaid(seen, [correcting]), seen.record, "A")).toBe("waiting");
  });
  test("that was refused is no answer", () => {
    const refused = entry({ state: "failed", refusal: { status: 422, kind: "", detail: "" } });
    const shown = overlaid(inspection(), [refused]);
    expect([shown.answered, shown.waiting, shown.failed.length]).toEqual([0, 0, 1]);
  });
  test("may be its start, with the instruments", () => {
    const start = entry({ kind: "start", body: { instruments: [TAPE] } });
    const shown = overlaid(inspection({ state: "planned", instruments: [] }), [start]);
    expect([shown.state, shown.starting, shown.instruments.length]).toEqual(["in_progress", true, 1]);
    expect(overlaid(inspection(), [start]).instruments.length).toBe(1);
  });
  test("of another inspection is not laid over this one", () => {
    expect(overlaid(inspection(), [entry({ about: aboutOf("i2") })]).waiting).toBe(0);
  });
});

test("an element without an answer is open, whatever else it has", () => {
  const two = inspection({ characteristics: [AXIS, { ...AXIS, id: "c2" }] }, [
    { characteristic: "c1", global_id: "A", outcome: "pass", missing: [] },
  ]);
  const some = {
    ...two,
    record: { ...two.record, readings: [{ characteristic: "c1", global_id: "A" }] },
  } as Inspection;
  expect(standingOf(overlaid(some, []), some.record, "A")).toBe("open");
});

test("answers of an inspection go one after the other, and none past one that was refused", () => {
  const first = entry({ key: "a", at: 1, state: "failed" });
  expect(nextOf([first, entry({ key: "b", at: 2 })])).toBeUndefined();
  expect([isMine(first), isMine(entry({ sentAt: 5 })), isMine(entry({}))]).toEqual([true, false, true]);
});

test("what is due: planned or mine, and items begun that nobody inspects yet", () => {
  const line = (number: string, state: string, inspector: string | null) =>
    ({ id: number, number, state, inspector }) as InspectionLine;
  const begun = (id: string, left: string[], going: object[], waits: string[] = []) =>
    ({ id, missing_to_release: left, missing_to_proceed: waits, inspections: going }) as unknown as Execution;
  const lines = [
    line("3", "planned", null),
    line("1", "signed", "me"),
    line("2", "in_progress", "me"),
    line("4", "in_progress", "other"),
    line("5", "cancelled", null),
  ];
  const due = dueOf(lines, [begun("x", ["A"], []), begun("y", ["B"], [{}], ["release"]), begun("z", [], [])], "me");
  expect(due.open.map((one) => one.number)).toEqual(["2", "3"]);
  expect(due.mine.map((one) => one.number)).toEqual(["2", "1"]);
  expect(due.unplanned.map((one) => one.id)).toEqual(["x"]);
  expect(due.held.map((one) => one.id)).toEqual(["y"]);
});

test("a nonconformance takes value, uncertainty and limits along; without an uncertainty it measures nothing", () => {
  const seen = inspection({
    readings: [{ characteristic: "c1", global_id: "A", number: "12", instrument: "T-7", photos: [] }],
  });
  const cell = overlaid(seen, []).cells.get("c1 A");
  if (!cell) throw new Error("no cell");
  expect(raisedFrom(seen.record, cell)).toMatchObject({
    violations: [{ measured: { value: "12", expanded_uncertainty: "1" }, requirement: { upper: "8" }, global_id: "A" }],
  });
  expect(raisedFrom({ ...seen.record, instruments: [] }, cell)).toEqual({ evidence: [] });
});

test("a letter leads to an inspection", () => {
  const at = { pathname: "/", search: "", hash: "#/projects/p/inspections/i1" };
  expect(parsed(at)).toMatchObject({ project: "p", record: "inspection:i1" });
});
