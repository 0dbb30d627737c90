import { expect, test } from "vitest";
import { columnsOf, lackOf, learningBody, NO_LEARNING } from "../src/core/quality";

const file = (text: string) => new Blob([text]);

test("the head of a table is read as the server reads it", async () => {
  expect(await columnsOf(file("serial,bad\r\n1,0\n"))).toEqual(["serial", "bad"]);
  expect(await columnsOf(file('\uFEFFserial;"force, N";bad\n1;2;0'))).toEqual(["serial", "force, N", "bad"]);
  expect(await columnsOf(file('a\t"he said ""no"""\tb'))).toEqual(["a", 'he said "no"', "b"]);
  expect(await columnsOf(file("PAR1\u0000\u0001"))).toEqual([]);
  expect(await columnsOf(file(""))).toEqual([]);
});

test("what is missing is said before it is sent", () => {
  expect(lackOf(NO_LEARNING)).toBe("outcome");
  expect(lackOf({ ...NO_LEARNING, outcome: "bad" })).toBe("");
  expect(lackOf({ ...NO_LEARNING, outcome: "bad", escape: "100" })).toBe("costs");
  expect(lackOf({ ...NO_LEARNING, outcome: "bad", escape: "100", action: "15" })).toBe("");
});

test("only what was given is sent, percent as shares", () => {
  expect(learningBody({ ...NO_LEARNING, outcome: "bad" })).toEqual({ outcome: "bad" });
  const asked = {
    ...NO_LEARNING,
    outcome: "bad",
    time: "at",
    effectiveness: "90",
    goal: "98.5",
    ignore: ["note", "bad"],
  };
  expect(learningBody(asked)).toEqual({
    outcome: "bad",
    time: "at",
    ignore: ["note"],
    effectiveness: "0.9",
    goal: "0.985",
  });
});
