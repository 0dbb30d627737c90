import { afterEach, expect, test } from "vitest";
import { language } from "../src/core/i18n";
import { refusalSaid } from "../src/core/refusal-said";

afterEach(() => {
  language.value = "en";
});

/** As geometry/registration/pair_fit.py and picked.py have them, values filled in. */
const SENTENCES = [
  "pair P4 lies 1.20 m from where the others put it: pick it again, or leave it out",
  "the pairs do not fit one another: check that each is the same corner in scan and model",
  "the pairs leave the scan uncertain by 0.40 m: pick them farther apart, around what was scanned",
  "the surfaces about where the pairs put the scan do not fit it: check that they name the same corners",
  "the pairs fit one another, but another pose explains the scan clearly better (83% of it, not 40%), 7.2 m away and turned by 180 degrees: check that the pairs name the same corners in scan and model",
  "2 pairs cannot fix a pose: pick at least 3 that are not in a line",
  "the pairs lie in one place in the scan: pick them far apart",
  "the pairs lie in a line in the model: pick one well off it",
];

test.each(SENTENCES)("%s", (sentence) => {
  expect(refusalSaid(sentence)).toBe(sentence);
  language.value = "zh";
  const said = refusalSaid(sentence);
  expect(said).toMatch(/点/);
  for (const value of sentence.match(/\d+(\.\d+)?%?/g) ?? []) if (value !== "3") expect(said).toContain(value);
});

test("what is not known is said as the server says it", () => {
  language.value = "zh";
  expect(refusalSaid("the moon is in the way")).toBe("the moon is in the way");
});
