/** Draws space that has to be free and is not: see-through boxes beside elements, tapped like what clashes there. */
import { effect } from "@preact/signals";
import * as THREE from "three";
import { type Box, boxesIn, entered } from "../core/free-space";
import { clashShown, overlay } from "../core/overlay";
import { distance, type Vec } from "../core/space";
import { rayAt } from "../scene/pointing";
import { named } from "../scene/stage";
import type { Part } from "../scene/view";

/** Pairs of corners that an edge joins, and fours around a side; bit 2 of a corner's number is the way from the face. */
const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((one) => [1, 2, 4].map((bit) => [one, one | bit] as const));
const SIDES = [1, 2, 4].flatMap((bit) => {
  const [a, b] = [1, 2, 4].filter((other) => other !== bit) as [number, number];
  return [0, bit].map((one) => [one, one | a, one | a | b, one | b] as const);
});
const GREEN = 0x1b9e77;

export const spacesPart: Part = (view) => {
  const { stage, work } = view;
  const origin = work.scene?.origin_m ?? [0, 0, 0];
  let boxes: Box[] = [];
  const [faces, edges, strong] = [new THREE.BufferGeometry(), new THREE.BufferGeometry(), new THREE.BufferGeometry()];
  const pane = new THREE.MeshBasicMaterial({
    color: named(GREEN), transparent: true, opacity: 0.22, side: THREE.DoubleSide, depthWrite: false,
  }); // biome-ignore format: one look
  const thin = new THREE.LineBasicMaterial({ color: named(GREEN), transparent: true, opacity: 0.9 });
  const through = new THREE.LineBasicMaterial({ color: named(GREEN), transparent: true, depthTest: false });
  const drawn = [
    new THREE.Mesh(faces, pane),
    new THREE.LineSegments(edges, thin),
    new THREE.LineSegments(strong, through),
  ];
  for (const [n, one] of drawn.entries()) {
    one.renderOrder = 3 + 0.1 * n;
    one.frustumCulled = false;
    stage.scene.add(one);
  }
  const put = (geometry: THREE.BufferGeometry, places: Vec[]) => {
    geometry.setAttribute("position", new THREE.Float32BufferAttribute(places.flat(), 3));
  };
  const lines = ({ corners }: Box) =>
    EDGES.filter(([a, b]) => a < b).flatMap(([a, b]) => [corners[a] as Vec, corners[b] as Vec]);
  const panes = ({ corners }: Box) =>
    SIDES.flatMap(([a, b, c, d]) => [a, b, c, a, c, d].map((one) => corners[one] as Vec));
  const ends = [
    effect(() => {
      boxes = boxesIn(overlay.value?.clashes ?? [], origin);
      const chosen = clashShown.value;
      const alone = boxes.find(({ clashes }) => chosen !== null && clashes.includes(chosen));
      const seen = chosen ? boxes.filter((one) => one === alone) : boxes;
      put(faces, seen.flatMap(panes));
      put(edges, seen.flatMap(lines));
      put(strong, alone ? lines(alone) : []);
      stage.invalidate();
      if (!alone) return;
      const side = (pick: (...of: number[]) => number) =>
        [0, 1, 2].map((k) => pick(...alone.corners.map((one) => one[k] as number))) as unknown as Vec;
      void stage.fit({ min: [...side(Math.min)], max: [...side(Math.max)] });
    }),
    view.onTap((x, y) => {
      if (clashShown.peek()) return false; // then it is the elements in it that are tapped
      const ray = rayAt(stage, x, y);
      const met = boxes
        .map((box) => ({ box, at: entered(box.corners, ray) }))
        .filter((one): one is { box: Box; at: number } => one.at !== null)
        .sort((one, other) => one.at - other.at)[0];
      const before = met && view.point(x, y, { kinds: ["model"], radius: 0 });
      if (!met || (before && distance(before.position, ray.origin) < met.at)) return false;
      clashShown.value = met.box.clashes[0] ?? null;
      return true;
    }),
  ];
  return () => {
    for (const end of ends) end();
    for (const one of drawn) stage.scene.remove(one);
    for (const one of [faces, edges, strong, pane, thin, through]) one.dispose();
    stage.invalidate();
  };
};
