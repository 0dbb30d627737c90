/** Storey plans: looked down on in parallel, cut above the floor, what is wrong pinned. */
import { effect, untracked } from "@preact/signals";
import CameraControls from "camera-controls";
import * as THREE from "three";
import { t, word } from "../../core/i18n";
import { mode } from "../../core/mode";
import { setPins } from "../../core/pins";
import { BELOW, EYE, flawsOf, level, levels, levelsOf } from "../../core/plan";
import { slice } from "../../core/sections";
import type { Vec } from "../../core/space";
import { select } from "../../core/state";
import type { Part } from "../view";

const SIGNS = { fail: "✕", missing: "○", ncr: "!" } as const;

export const planPart: Part = (view) => {
  const { stage, work } = view;
  const { controls } = stage;
  const scene = work.scene;
  let before: { eye: THREE.Vector3; target: THREE.Vector3 } | null = null;

  function begin(): void {
    before = { eye: controls.getPosition(new THREE.Vector3()), target: controls.getTarget(new THREE.Vector3()) };
    stage.look(stage.parallel);
    controls.mouseButtons.left = CameraControls.ACTION.TRUCK;
    controls.mouseButtons.wheel = CameraControls.ACTION.ZOOM;
    controls.touches.one = CameraControls.ACTION.TOUCH_TRUCK;
    controls.touches.two = CameraControls.ACTION.TOUCH_ZOOM_TRUCK;
  }

  function end(): void {
    slice.value = null;
    setPins("plan", []);
    if (!before) return;
    stage.look(stage.perspective);
    controls.mouseButtons.left = CameraControls.ACTION.ROTATE;
    controls.mouseButtons.wheel = CameraControls.ACTION.DOLLY;
    controls.touches.one = CameraControls.ACTION.TOUCH_ROTATE;
    controls.touches.two = CameraControls.ACTION.TOUCH_DOLLY_TRUCK;
    const { eye, target } = before;
    before = null;
    void controls.setLookAt(eye.x, eye.y, eye.z, target.x, target.y, target.z, false);
    stage.refit(); // the picture may have another size than when the plan began
    stage.invalidate();
  }

  function show(name: string): void {
    const chosen = levels.peek().find((one) => one.name === name);
    const design = view.design();
    if (!chosen || !design || !scene) return;
    slice.value = { low: chosen.floor - BELOW, high: chosen.floor + EYE };
    const { min, max } = design.bounds();
    const middle = min.map((low, k) => (low + (max[k] as number)) / 2) as unknown as Vec;
    const up = chosen.floor + Math.max(50, ...max.map((high, k) => high - (min[k] as number)));
    void controls.setLookAt(middle[0], middle[1], up, middle[0], middle[1], chosen.floor, false);
    void stage.fit({ min, max }, false);
    const flaws = flawsOf(scene, work.table.rows, name);
    setPins(
      "plan",
      flaws.map(({ row, kind, position }) => ({
        id: `plan-${row.globalId}`,
        // at the height of the cut: a pin on what the cut takes away would be gone with it
        position: [position[0], position[1], Math.min(Math.max(position[2], chosen.floor), chosen.floor + EYE)],
        kind,
        sign: SIGNS[kind],
        label: `${row.name || row.globalId}: ${kind === "ncr" ? (row.ncr?.number ?? "") : kind === "missing" ? word("status", "missing") : word("verdict", "fail")}`,
        about: row.globalId,
        onOpen: () => select(row.globalId),
      })),
    );
  }

  const axes = document.createElement("div");
  axes.className = "axes";
  axes.setAttribute("aria-hidden", "true");
  axes.hidden = true;
  stage.canvas.parentElement?.append(axes);

  const stop = effect(() => {
    const going = mode.value === "plan";
    const wanted = level.value;
    untracked(() => {
      axes.hidden = !going;
      axes.textContent = going ? t("planAxes") : "";
      if (!going) return end();
      const design = view.design();
      if (!design || !scene) return;
      levels.value = levelsOf(scene, work.table.rows, design.index.storeys);
      if (!before) begin();
      const named = levels.value.some((one) => one.name === wanted);
      if (named) show(wanted);
      else level.value = levels.value[0]?.name ?? "";
    });
  });
  return () => {
    stop();
    end();
    axes.remove();
  };
};
