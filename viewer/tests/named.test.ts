import { afterEach, expect, it } from "vitest";
import { language } from "../src/core/i18n";
import { missingSaid } from "../src/core/missing";
import { named } from "../src/core/named";

afterEach(() => {
  language.value = "en";
});

it("machine words in quotation marks are said as the reports say them; what people wrote stays", () => {
  expect(named("name the instrument that 'axis_position' was read from")).toContain("'Axis position'");
  language.value = "zh";
  expect(named("请指明“axis_position”所用的仪器")).toBe("请指明“轴线位置”所用的仪器");
  expect(missingSaid("a photo of what fails in 'plumb_line_of_ours' of Wall 1")).toContain("“plumb_line_of_ours”");
  expect(named("“crew A”的 Wall_1_of_the_ground_floor")).toBe("“crew A”的 Wall_1_of_the_ground_floor");
});
