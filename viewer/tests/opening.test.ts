import { afterEach, expect, test } from "vitest";
import { COMPARE, compareView, pair, swipeAt, swiping, timelineAt } from "../src/core/compare";
import { mode } from "../src/core/mode";
import { place } from "../src/core/route";
import { SERVER, takeFrom } from "../src/core/source";
import { open, workspace } from "../src/core/state";
import { described, restore, saysMore } from "../src/core/view-state";

afterEach(() => takeFrom(SERVER));

/** Answers of a project without scans; those of `late` come when they are let. */
function projects(late: string): () => void {
  let letCome = () => {};
  const waits = new Promise<void>((resolve) => {
    letCome = resolve;
  });
  takeFrom({
    kind: "server",
    fetch: async (url) => {
      const [, id = "", rest = ""] = /\/projects\/([^/]+)(\/.*)?$/.exec(url) ?? [];
      if (id === late) await waits;
      if (!rest) return Response.json({ id, name: id });
      const model = { id: "m", has_scene: false };
      return Response.json({ items: rest.startsWith("/models") ? [model] : [], next: null });
    },
  });
  return letCome;
}

test("of two projects that are opened one after the other the last one is shown, whichever comes first", async () => {
  const letCome = projects("slow");
  const slow = open("slow", "");
  await open("quick", "");
  const shown = () => (workspace.value.kind === "ready" ? workspace.value.value.project.id : workspace.value.kind);
  expect(shown()).toBe("quick");
  letCome();
  await slow;
  expect(shown(), "what came late is no longer wanted").toBe("quick");
});

test("a link brings the comparison back: what is compared, how, and where the handle is", async () => {
  projects("");
  await open("tower", "");
  Object.assign(globalThis, { history: { replaceState: () => {}, pushState: () => {} } });
  place.value = { ...place.value, project: "tower" };
  mode.value = COMPARE;
  compareView.value = "changes";
  pair.value = { project: "tower", before: "a1", after: "b2" };
  swiping.value = true;
  swipeAt.value = 0.3125;
  const link = described();
  expect(saysMore(link)).toBe(true);
  compareView.value = "timeline";
  timelineAt.value = { project: "tower", epoch: "c3" };
  const other = described();
  mode.value = "";
  [swiping.value, swipeAt.value, pair.value] = [false, 0.5, { project: "", before: "", after: "" }];
  const plain = described();

  restore(link);
  await Promise.resolve();
  expect([mode.value, compareView.value, swiping.value, swipeAt.value]).toEqual([COMPARE, "changes", true, 0.3125]);
  expect(pair.value).toEqual({ project: "tower", before: "a1", after: "b2" });
  restore(other);
  await Promise.resolve();
  expect([mode.value, compareView.value, timelineAt.value.epoch]).toEqual([COMPARE, "timeline", "c3"]);
  restore(plain);
  await Promise.resolve();
  expect(mode.value, "a view without a comparison ends it").toBe("");
  restore("compare=changes,x,y,7e999");
  await Promise.resolve();
  expect(swipeAt.value).toBeLessThanOrEqual(1);
});
