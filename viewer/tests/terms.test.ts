import { afterEach, expect, it } from "vitest";
import { language } from "../src/core/i18n";
import { characteristic, className, measured, reason, source } from "../src/core/terms";

afterEach(() => {
  language.value = "en";
});

it("machine words are said as in the reports, unknown ones readable", () => {
  expect(className("IfcPipeSegment")).toBe("Pipe segment");
  expect(className("IfcDistributionFlowElement")).toBe("Distribution flow element");
  expect(characteristic("flatness_2m")).toBe("Flatness 2 m");
  expect(characteristic("sun_glare")).toBe("Sun glare");
  expect(reason("few_points:12")).toBe("Too few points: 12");
  expect(reason("few_points")).toBe("Too few points");
  expect(reason("sun_glare:a b")).toBe("Sun glare: a b");
});

it("a clause is said in the language, the standard's name as it is", () => {
  language.value = "zh";
  expect(source("GB 50204-2015, table 8.3.2, level within a storey")).toBe("GB 50204-2015，表 8.3.2 标高（层高）");
  expect(source("DIN 18202:2013-04, table 1, dimensions in plan [one source]")).toBe(
    "DIN 18202:2013-04，表 1 平面尺寸 （单一出处）",
  );
  expect(source("user")).toBe("用户给定");
  expect(source("ACI 117-10 4.1")).toBe("ACI 117-10 4.1");
  expect(characteristic("flatness")).toBe("平整度");
});

it("what was measured names straightedge, direction and part, in the marks of the language", () => {
  const flat = { characteristic: "flatness", direction: "", part: "", method: "straightedge 2 m" };
  const hatch = { characteristic: "opening_size", direction: "width", part: "Hatch", method: "reveals" };
  expect([measured(flat), measured(hatch)]).toEqual(["Flatness (straightedge 2 m)", "Opening size, width: Hatch"]);
  language.value = "zh";
  expect([measured(flat), measured(hatch)]).toEqual(["平整度（靠尺 2 m）", "洞口尺寸，宽：Hatch"]);
});

it("no two areas have a word for one key: the later one would stand in the other's place", () => {
  const areas = import.meta.glob<Record<string, object>>("../src/core/words/*.ts", { eager: true });
  const files = Object.entries(areas).filter(([, area]) => Object.keys(area).sort().join() === "en,zh");
  // an area that brings more along than its words speaks for itself (`speaker`), and stands in nobody's place
  expect(files.length).toBeGreaterThan(5);
  for (const language of ["en", "zh"] as const) {
    const keys = files.flatMap(([file, words]) => Object.keys(words[language] ?? {}).map((key) => `${key} ${file}`));
    const seen = new Map<string, string>();
    const twice = keys.filter((one) => {
      const key = one.split(" ", 1)[0] ?? "";
      const before = seen.has(key);
      seen.set(key, one);
      return before;
    });
    expect(twice).toEqual([]);
  }
});
