/** Picking pairs: what a tap becomes, undone and done again, and taken up after a reload. */
import { describe, expect, it } from "vitest";
import {
  changed,
  EMPTY,
  freeName,
  type Pairs,
  type Place,
  placed,
  readPairs,
  redone,
  sigmaOf,
  undone,
} from "../src/core/pairs";

const at = (x: number, snap: Place["snap"] = "corner"): Place => ({ at: [x, 0, 0], snap });

describe("picking", () => {
  it("completes the pair that waits, whichever side came first", () => {
    let pairs: Pairs = placed([], "design", at(1));
    pairs = placed(pairs, "scan", at(2));
    pairs = placed(pairs, "scan", at(3));
    pairs = placed(pairs, "design", at(4));
    expect(pairs.map((pair) => [pair.name, pair.design?.at[0], pair.scan?.at[0]])).toEqual([
      ["A", 1, 2],
      ["B", 4, 3],
    ]);
  });

  it("moves the point of a pair that is half picked", () => {
    const pairs = placed(placed([], "design", at(1)), "design", at(9));
    expect(pairs).toEqual([{ name: "A", design: at(9), scan: null }]);
  });

  it("gives a name again that was removed, and no more than there are letters", () => {
    let pairs: Pairs = [];
    for (let n = 0; n < 30; n += 1) pairs = placed(placed(pairs, "design", at(n)), "scan", at(n));
    expect(pairs.length).toBe(26);
    expect(freeName(pairs.filter((pair) => pair.name !== "C"))).toBe("C");
  });

  it("is undone and done again; another step ends what was undone", () => {
    const one = placed([], "design", at(1));
    const two = placed(one, "scan", at(2));
    let desk = changed(changed(EMPTY, one), two);
    desk = undone(desk);
    expect(desk.pairs).toBe(one);
    expect(redone(desk).pairs).toBe(two);
    expect(undone(undone(undone(desk))).pairs).toEqual([]);
    expect(redone(changed(desk, [])).pairs).toEqual([]);
  });

  it("trusts a corner more than a point that slides", () => {
    expect(sigmaOf({ name: "A", design: at(1), scan: at(1) })).toBeLessThan(0.01);
    expect(sigmaOf({ name: "A", design: at(1), scan: at(1, "edge") })).toBeGreaterThan(0.01);
  });

  it("takes up what was kept, and nothing that it does not understand", () => {
    const pairs = placed([], "design", at(1));
    expect(readPairs(JSON.stringify({ pairs, level: false }))).toEqual({ pairs, level: false });
    for (const text of ["", "{}", "[1", '{"pairs":[{"name":"A","design":{"at":[1,2]},"scan":null}]}'])
      expect(readPairs(text)).toEqual({ pairs: [], level: true });
  });
});
