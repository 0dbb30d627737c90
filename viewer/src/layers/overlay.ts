/** Draws what a simulation shows: moved elements, pins where clashes are, and the clock that plays it. */
import { effect } from "@preact/signals";
import * as THREE from "three";
import { clashShown, type Look, looks, moment, moments, overlay, playing } from "../core/overlay";
import { setPins } from "../core/pins";
import { sub, type Vec } from "../core/space";
import { named } from "../scene/stage";
import type { Part } from "../scene/view";

/** How much of the surroundings of a clash is shown, metres around it. */
const AROUND = 1.2;

/** Seconds that each step stays for whoever wants no motion. */
const STEP = 1;

export const overlayPart: Part = (view) => {
  const { stage, work } = view;
  const { byGlobalId } = work.table;
  const origin = work.scene?.origin_m ?? [0, 0, 0];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let waited = 0;
  let dressed: unknown = null;
  const place = (now: ReadonlyMap<string, Look> | null) => {
    const moved = new Map<number, readonly [number, number, number]>();
    for (const [globalId, { move }] of now ?? []) {
      const id = byGlobalId.get(globalId);
      if (id !== undefined && (move[0] || move[1] || move[2])) moved.set(id, move);
    }
    dressed = view.design();
    view.design()?.style.move(moved);
    // what is moved may be outside the box that its mesh was made with
    view.design()?.group.traverse((node) => {
      node.frustumCulled = moved.size === 0;
    });
    stage.invalidate();
  };
  const mark = new THREE.Mesh(
    new THREE.SphereGeometry(1, 24, 16),
    new THREE.MeshBasicMaterial({ color: named(0xd5009b), transparent: true, opacity: 0.55, depthTest: false }),
  );
  mark.renderOrder = 5;
  mark.visible = false;
  stage.scene.add(mark);
  const ends = [
    effect(() => place(looks.value)),
    effect(() => {
      const clashes = overlay.value?.clashes ?? [];
      setPins(
        "clashes",
        clashes.map((clash) => ({
          id: `clash-${clash.id}`,
          position: sub(clash.at, origin),
          kind: "clash",
          sign: "✕",
          label: clash.label || clash.elements.join(" × "),
          onOpen: () => {
            clashShown.value = clash;
          },
        })),
      );
    }),
    effect(() => {
      const clash = clashShown.value;
      mark.visible = clash !== null;
      stage.invalidate();
      if (!clash) return;
      const at = sub(clash.at, origin);
      mark.position.set(...at);
      mark.scale.setScalar(clash.box ? 0.04 : Math.max(0.04, (clash.depthMm ?? 0) / 2000));
      if (clash.box) return; // the space has a view of its own
      const side = (sign: 1 | -1) => at.map((one) => one + sign * AROUND) as unknown as Vec;
      void stage.fit({ min: [...side(-1)], max: [...side(1)] });
    }),
    stage.eachFrame((seconds) => {
      if (view.design() !== dressed) place(looks.peek()); // the model came after what it is to show
      const shown = overlay.peek();
      if (!shown || !playing.peek()) return false;
      if (calm) {
        waited += seconds;
        if (waited < STEP) return false;
        waited = 0;
        moment.value = moments(shown).find((one) => one > moment.peek()) ?? shown.seconds;
      } else {
        moment.value = Math.min(shown.seconds, moment.peek() + seconds);
      }
      if (moment.peek() >= shown.seconds) playing.value = false;
      return true;
    }),
  ];
  return () => {
    for (const end of ends) end();
    setPins("clashes", []);
    stage.scene.remove(mark);
    mark.geometry.dispose();
    mark.material.dispose();
  };
};
