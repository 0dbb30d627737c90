import { describe, expect, it } from "vitest";
import {
  checkOrder,
  codeFrom,
  isAskable,
  isCode,
  lackOf,
  NO_CAMPAIGN,
  scanOrder,
  sizeSaid,
  unusable,
  type Wanted,
} from "../src/core/begin";
import { digesting, sha256, sha256Of } from "../src/core/digest";

const CAMPAIGN = { ...NO_CAMPAIGN, name: " Week 47 ", captured: "2026-11-20T14:30" };
const WANTED: Wanted = {
  revision: "r",
  epoch: "e",
  limits: "default",
  mm: "",
  pose: "auto",
  counts: false,
  reason: "",
};

describe("files", () => {
  it("are told apart by their suffix, in whatever letters", () => {
    expect(unusable({ name: "A.IFC", size: 1 }, "model")).toBeNull();
    expect(unusable({ name: "site.e57", size: 1 }, "scan")).toBeNull();
    expect(unusable({ name: "both.ply", size: 1 }, "model")).toBeNull();
    expect(unusable({ name: "both.ply", size: 1 }, "scan")).toBeNull();
    expect(unusable({ name: "site.laz", size: 1 }, "model")).toBe("isScan");
    expect(unusable({ name: "a.ifc", size: 1 }, "scan")).toBe("isModel");
    expect(unusable({ name: "a.docx", size: 1 }, "model")).toBe("model");
    expect(unusable({ name: ".ifc", size: 1 }, "model")).toBe("model");
    expect(unusable({ name: "a.ifc", size: 0 }, "model")).toBe("empty");
  });
  it("have sizes that can be read", () => {
    expect([0, 999, 1000, 1_440_000_000, 250_000_000_000].map(sizeSaid)).toEqual([
      "0 B", "999 B", "1.0 kB", "1.4 GB", "250 GB",
    ]); // biome-ignore format: a list
  });
});

describe("codes", () => {
  it("are suggested as the server takes them, or not at all", () => {
    for (const name of [
      "Harbour Tower",
      "T",
      "Tower",
      "2nd Tower 14",
      "Überseehaus",
      "A very long name of a building",
    ]) {
      const code = codeFrom(name);
      expect(code === "" || isCode(code)).toBe(true);
    }
    expect(codeFrom("Tower")).toBe("TOWER");
    expect(codeFrom("Harbour Tower 2")).toBe("HARBTOWE2");
    expect(codeFrom("港口大厦")).toBe("");
  });
});

describe("a campaign", () => {
  const now = new Date("2026-11-23T00:00:00Z");
  it("was captured, and its instrument is told whole or not", () => {
    expect(lackOf(CAMPAIGN, now)).toBeNull();
    expect(lackOf({ ...CAMPAIGN, name: "  " }, now)).toBe("name");
    expect(lackOf({ ...CAMPAIGN, captured: "" }, now)).toBe("captured");
    expect(lackOf({ ...CAMPAIGN, captured: "2027-01-01T00:00" }, now)).toBe("future");
    expect(lackOf({ ...CAMPAIGN, serial: "1" }, now)).toBe("instrument");
    expect(lackOf({ ...CAMPAIGN, uncertainty: "2" }, now)).toBe("instrument");
    const whole = { ...CAMPAIGN, serial: "1", kind: "scanner", from: "2026-03-01", until: "2027-03-01" };
    expect(lackOf(whole, now)).toBeNull();
    expect(lackOf({ ...whole, until: "2026-02-01" }, now)).toBe("calibration");
    expect(scanOrder(whole, ["u"]).instrument).toMatchObject({ serial: "1", expanded_uncertainty: null });
  });
  it("is sent by the time of the world", () => {
    const sent = scanOrder(CAMPAIGN, ["u"]);
    expect(sent).toMatchObject({ name: "Week 47", uploads: ["u"], instrument: null });
    expect(new Date(sent.captured_at).getTime()).toBe(new Date(2026, 10, 20, 14, 30).getTime());
  });
});

describe("a check", () => {
  it("names one tolerance at most, and a file goes before the way to register", () => {
    expect(checkOrder(WANTED, {}, "en")).toEqual({ revision: "r", epoch: "e", lang: "en", registration: "auto" });
    expect(checkOrder({ ...WANTED, limits: "DIN 18202" }, {}, "zh")).toMatchObject({ standard: "DIN 18202" });
    const mm = checkOrder({ ...WANTED, limits: "mm", mm: "10" }, {}, "en");
    expect(mm).toMatchObject({ tolerance_mm: "10" });
    expect(mm).not.toHaveProperty("standard");
    const files = { tolerances: "t", registration_file: "f" };
    const whole = checkOrder({ ...WANTED, limits: "file", pose: "file" }, files, "en");
    expect(whole).toEqual({ revision: "r", epoch: "e", lang: "en", ...files });
  });
  it("is asked for once everything is said", () => {
    expect(isAskable(WANTED)).toBe(true);
    expect(isAskable({ ...WANTED, epoch: "" })).toBe(false);
    for (const mm of ["", "0", "-3", "x", "10001"]) expect(isAskable({ ...WANTED, limits: "mm", mm })).toBe(false);
    expect(isAskable({ ...WANTED, counts: true, reason: " " })).toBe(false);
  });
});

describe("a digest in pieces", () => {
  it("is that of the whole, wherever it is cut", async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) % 251);
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000]) {
      const part = bytes.slice(0, length);
      const known = await sha256(part); // the runtime's own
      expect(sha256Of(part)).toBe(known);
      for (const cut of [1, 7, 63, 64, 65, 200]) {
        const digest = digesting();
        for (let at = 0; at < length; at += cut) digest.add(part.subarray(at, at + cut));
        expect(digest.hex()).toBe(known);
      }
    }
  });
});
