import { afterEach, describe, expect, it } from "vitest";
import { sha256, sha256Of } from "../src/core/digest";
import { language } from "../src/core/i18n";
import { missingSaid } from "../src/core/missing";
import {
  mine,
  minus,
  type NcrLine,
  type NcrRecord,
  quantitySaid,
  type Recheck,
  reasonSaid,
  standingOf,
  stepOf,
  sum,
} from "../src/core/ncr";
import { fitted, pinOf, sceneOf, takenAt } from "../src/core/photos";

describe("quantities", () => {
  it("are summed exactly, as floats would not be", () => {
    expect(sum(["0.1", "0.2"])).toBe("0.3");
    expect(sum(["1", "2.50", ".25"])).toBe("3.75");
    expect(sum([])).toBe("0");
    expect(minus("2", "2.0")).toBe("0");
    expect(minus("1", "1.5")).toBe("-0.5");
    expect(sum(["123456789012345.000000000001", "1"])).toBe("123456789012346.000000000001");
  });
});

describe("a re-inspection", () => {
  const asked = (characteristic: string) => ({ requirement: { characteristic, clause: "4.2", unit: "mm" } });
  const recheck = (captured_at: string, ...criteria: string[]) =>
    ({ captured_at, outcomes: [{ about: "A", verdict: "pass", criteria: criteria.map(asked) }] }) as unknown as Recheck;
  const [early, first, other, last] = [
    recheck("2026-01-01T00:00:00Z", "position"),
    recheck("2026-02-01T00:00:00Z", "position"),
    recheck("2026-02-02T00:00:00Z", "level"),
    recheck("2026-03-01T01:00:00+01:00", "position"),
  ];
  const record = { corrected_at: "2026-01-15T00:00:00Z", rechecks: [early, first, other, last] } as NcrRecord;
  it("counts when it is of after the work and nothing later speaks of the same", () => {
    expect([early, first, other, last].map((one) => standingOf(record, one as Recheck))).toEqual([
      "early",
      "older",
      "counts",
      "counts",
    ]);
  });
});

describe("the way of a record", () => {
  it("shows where it is, also in states beside the way", () => {
    expect([stepOf("draft"), stepOf("in_correction"), stepOf("closed"), stepOf("void")]).toEqual([0, 4, 6, -1]);
    expect(stepOf("reopened")).toBe(stepOf("open"));
  });

  it("brings what is mine before me: late first, then mine, then due", () => {
    const line = (id: string, more: object) =>
      ({ id, next: [], assignee: null, state: "open", overdue: false, due: null, ...more }) as unknown as NcrLine;
    const all = [
      line("read only", {}),
      line("mine but closed", { assignee: "me", state: "closed" }),
      line("turn", { next: ["contain"] }),
      line("mine", { assignee: "me", due: "2026-12-01" }),
      line("late", { next: ["sign"], overdue: true }),
    ];
    expect(mine(all, "me").map((one) => one.id)).toEqual(["late", "mine", "turn"]);
  });
});

describe("what is missing", () => {
  afterEach(() => {
    language.value = "en";
  });

  it("is said in the language of the interface, part by part", () => {
    const phrases: [string, string][] = [
      ["a valid signature as design authority", "设计单位的有效签字"],
      ["rework of 2: a rework instruction", "返工 2：返工作业指导书"],
      [
        "use as is of 1.5: a concession with quantity, elements and expiry",
        "让步接收 1.5：注明数量、构件和有效期的让步接收",
      ],
      [
        "repair of 1: a re-inspection of element 2O2Fr$t4 that passes, not fail",
        "返修 1：构件 2O2Fr$t4 的合格复检，而不是不合格",
      ],
      ["the work of rework of 1: correct first", "先完成返工 1的整改"],
      ["a disposition for the remaining 1 of 3", "其余 1（共 3）的处置"],
      ["something nobody thought of", "something nobody thought of"],
    ];
    for (const [english] of phrases) expect(missingSaid(english)).toBe(english);
    language.value = "zh";
    for (const [english, chinese] of phrases) expect(missingSaid(english)).toBe(chinese);
  });
});

describe("SHA-256 without the browser's help", () => {
  it("is what FIPS 180-4 says, over any length of the last block", async () => {
    expect(sha256Of(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = new Uint8Array(length).map((_, n) => (n * 7) % 256);
      expect(sha256Of(bytes)).toBe(await sha256(bytes));
    }
  });
});

describe("a photo", () => {
  it("is made small in its own shape, and a small one stays as it is", () => {
    expect([fitted(4000, 3000), fitted(3000, 6000), fitted(800, 600)]).toEqual([
      [2560, 1920],
      [1280, 2560],
      [800, 600],
    ]);
  });

  it("has its place in the design frame and comes back to where it was pointed at", () => {
    const origin = [1000, -2000, 3] as const;
    const pin = pinOf({ position: [1.23456, 2, -0.5], element: null, eye: [0, 0, 1] }, origin);
    expect(pin.place).toEqual({ x: "1001.2346", y: "-1998", z: "2.5" });
    expect(sceneOf(pin.place, origin).map((one) => Number(one.toFixed(3)))).toEqual([1.235, 2, -0.5]);
  });

  it("without a readable time has none", () => {
    expect(takenAt(new Uint8Array([1, 2, 3]))).toBeNull();
    expect(takenAt(new Uint8Array([0xff, 0xd8, 0xff, 0xe1, 0, 9]))).toBeNull();
  });
});

it("reasons of a record name people and where it came from, never an identifier", () => {
  const id = "0123456789abcdef0123456789abcdef";
  expect(reasonSaid(`finding ${id}`, new Map())).toBe("from a finding of the check");
  expect(reasonSaid(`given to ${id}`, new Map([[id, "Carl"]]))).toBe("given to Carl");
  expect(reasonSaid(`it goes on in another record, ${id}`, new Map())).toBe("it goes on in another record, …");
  expect(quantitySaid("1", "element")).toBe("1 element");
  expect(quantitySaid("3", "Elements")).toBe("3 elements");
  expect(quantitySaid("3", "m²")).toBe("3 m²");
});
