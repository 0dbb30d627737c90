import { afterEach, describe, expect, test } from "vitest";
import { language, t } from "../src/core/i18n";
import { faultSaid, stepSaid } from "../src/core/job-said";
import { problemSaid } from "../src/core/problem-said";
import { draftOf, type Finding } from "../src/core/records";
import { en, zh } from "../src/core/words/problems";

afterEach(() => {
  language.value = "en";
});

test("a problem is said in the language of the page, with the server's words where they are needed", () => {
  const wait = { status: 429, kind: "too-many-attempts", detail: "too many failed attempts; try again in 12 minutes" };
  const fields = { status: 422, kind: "invalid-fields", detail: "body.title is too long" };
  const odd = { status: 418, kind: "http-418", detail: "I'm a teapot" };
  expect(problemSaid(wait)).toBe(wait.detail);
  expect(problemSaid({ ...wait, detail: "" })).toContain("Too many attempts");
  language.value = "zh";
  expect(problemSaid(wait)).toBe("尝试次数过多，请 12 分钟后再试。");
  expect(problemSaid(fields)).toBe("部分填写项有误。服务器说明：body.title is too long");
  expect(problemSaid(odd)).toContain("418");
  expect(problemSaid({ status: 0, kind: "offline", detail: "TypeError" })).not.toMatch(/TypeError/);
  for (const kind of Object.keys(en)) expect(zh[kind as keyof typeof en], kind).toMatch(/[\u4e00-\u9fff]/);
});

test("a finding is the beginning of a record about its element: title, values, requirement and picture", () => {
  const failure = {
    global_id: "A", characteristic: "axis_position", source: "GB 50204-2015, 8.3.2", actual_mm: "14.2",
    lower_mm: "-8", upper_mm: "8", expanded_uncertainty_mm: "1.9", part: "", part_id: "", direction: "",
  }; // biome-ignore format: one failure
  const finding = {
    kind: "displaced", severity: "critical", failures: [failure, { ...failure, global_id: "B" }],
    picture: { kind: "picture", sha256: "ab", name: "finding-001.jpg", media_type: "image/jpeg" },
  } as unknown as Finding; // biome-ignore format: one finding
  const { told, more } = draftOf(finding, { globalId: "A", name: "Column 1" });
  expect(told.title).toContain("Column 1");
  expect(told.severity).toBe("critical");
  expect(told.description).toContain("+14.2");
  expect(told.description.split("\n").length, "of this element only").toBe(1);
  expect(more.violations).toEqual([
    {
      global_id: "A",
      requirement: {
        characteristic: "axis_position",
        clause: "GB 50204-2015, 8.3.2",
        lower: "-8",
        upper: "8",
        unit: "mm",
      },
      measured: { value: "14.2", expanded_uncertainty: "1.9" },
    },
  ]);
  expect(more.evidence).toHaveLength(1);
});

test("what the server says in Chinese is said in its place, and English stays English", () => {
  const told = { status: 409, kind: "conflict", detail: "there is a project A already", chinese: "已有项目 A" };
  expect(problemSaid(told)).toBe("there is a project A already");
  language.value = "zh";
  expect(problemSaid(told)).toBe("已有项目 A");
});

test("a job says its step and its fault in the language of the page", () => {
  const job = { step: "tessellating", step_zh: "生成几何形体", error: "no such file", error_zh: "没有这个文件" };
  expect([stepSaid(job), faultSaid(job)]).toEqual(["making the shapes", "no such file"]);
  expect(stepSaid({ ...job, step: "reading hall.e57" })).toBe("reading hall.e57");
  language.value = "zh";
  expect([stepSaid(job), faultSaid(job)]).toEqual(["生成几何形体", "没有这个文件"]);
  expect(faultSaid({ ...job, error: "" })).toBe("");
  expect(faultSaid({ step: "", error: "the moon" }), "an old server has no Chinese").toBe(
    "未能完成。服务器说明：the moon",
  );
});

describe("numbers in words", () => {
  test("take the word for one, or for more", () => {
    language.value = "en";
    expect(t("handRms", { pairs: 1, mm: "0" })).toMatch(/^1 pair, /);
    expect(t("handRms", { pairs: 3, mm: "0" })).toMatch(/^3 pairs, /);
    expect(t("withOthers", { n: 1 })).toBe("Together with 1 other element");
    expect(t("leavingWaiting", { n: 2 })).toMatch(/^2 changes have not been sent and stay /);
  });
});
