import { expect, test } from "vitest";
import { FlowFault, flowed, flowOf, standingAt } from "../src/core/flow";

const RUN = {
  schema: "qtems.keyframes/1",
  time_unit: "min",
  until: 20,
  units: [
    { id: 1, kind: "box", track: [[0, "saw", "arrive"], [0, "saw", "start"], [4, "saw", "finish"], [5, "drill", "start"], [9, "ship", "ship"]] },
    { id: 2, kind: "box", track: [[1, "saw", "arrive"], [5, "saw", "start"], [8, "scrap", "scrap"]] },
  ],
}; // biome-ignore format: a run

test("a run says who is where, what they do, and what has left the line", () => {
  const run = flowOf(JSON.stringify(RUN));
  if (!run) throw new Error("no run");
  expect(run.stations).toEqual(["saw", "drill"]);
  expect(standingAt(run, 2)).toEqual({
    stations: [
      { station: "saw", waits: 1, worked: 1, done: 0 },
      { station: "drill", waits: 0, worked: 0, done: 0 },
    ],
    out: { ship: 0, scrap: 0 },
  });
  expect(standingAt(run, 4.5).stations[0]).toEqual({ station: "saw", waits: 1, worked: 0, done: 1 });
  expect(standingAt(run, 20).out).toEqual({ ship: 1, scrap: 1 });
  expect(standingAt(run, -1).stations.every((one) => one.waits + one.worked + one.done === 0)).toBe(true);
});

test("a run is played within a minute, or change by change for whoever wants no motion", () => {
  const run = flowOf(JSON.stringify(RUN));
  if (!run) throw new Error("no run");
  expect(flowed(run, 0, 30, false)).toBe(10);
  expect(flowed(run, 19, 30, false)).toBe(20);
  expect([0, 1, 4, 5, 8, 9].map((at) => flowed(run, at, 1, true))).toEqual([1, 4, 5, 8, 9, 20]);
});

test("another document is none, a broken one is named with its place", () => {
  expect(flowOf("{}")).toBe(null);
  expect(flowOf("no json")).toBe(null);
  const broken = { ...RUN, units: [{ track: [["soon", "saw", "arrive"]] }] };
  expect(() => flowOf(JSON.stringify(broken))).toThrow(FlowFault);
  expect(() => flowOf(JSON.stringify(broken))).toThrow("units[0].track[0]");
});
