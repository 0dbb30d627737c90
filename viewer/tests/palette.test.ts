/// <reference types="vite/client" />
import { describe, expect, test } from "vitest";
import reports from "../../twin/report/palette.py?raw";
import { VERDICTS } from "../src/core/palette";

describe("colours of verdicts", () => {
  test("and their signs are those of the reports", () => {
    const looks = [...reports.matchAll(/Mark\.([A-Z_]+): Look\("#(\w{6})", "(.)"\)/g)];
    expect(looks).toHaveLength(5);
    for (const [, mark = "", colour, sign] of looks) {
      const mine = VERDICTS[mark.toLowerCase()];
      expect(mine?.colour.map((part) => part.toString(16).padStart(2, "0")).join("")).toBe(colour);
      expect(mine?.sign).toBe(sign);
    }
  });
});
