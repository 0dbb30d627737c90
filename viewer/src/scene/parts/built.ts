/** The chosen element as it was built: a ghost, moved as measured but more, with an arrow that says how far. */
import { effect, untracked } from "@preact/signals";
import * as THREE from "three";
import { boxOf, type ElementRow } from "../../core/elements";
import { t } from "../../core/i18n";
import { mode } from "../../core/mode";
import { type BuiltPose, displaced, factor, isShown, moveOf, posed, turnOf } from "../../core/pose";
import { add, length, scale, unit, type Vec } from "../../core/space";
import { detailOf, selected } from "../../core/state";
import { type Mark, Marks } from "../marks";
import { named } from "../stage";
import type { Part } from "../view";

export const builtPart: Part = (view) => {
  const { stage, work } = view;
  const marks = new Marks(stage, "built");
  const group = new THREE.Group();
  stage.scene.add(group);
  let asked: AbortController | null = null;

  function clear(): void {
    group.traverse((node) => {
      if (node instanceof THREE.Mesh || node instanceof THREE.LineSegments) {
        node.geometry.dispose();
        (node.material as THREE.Material).dispose();
      }
    });
    group.clear();
    marks.set([]);
    stage.invalidate();
  }

  function ask(row: ElementRow): void {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    posed.value = { kind: "loading" };
    detailOf(work.project.id, row.globalId, work.check?.id, signal)
      .then((detail) => {
        if (signal.aborted) return;
        const pose = detail.pose as unknown as BuiltPose | null;
        posed.value = pose && isShown(pose) ? { kind: "ready", id: row.id, pose } : { kind: "unknown" };
      })
      .catch(() => {
        if (!signal.aborted) posed.value = { kind: "failed" };
      });
  }

  const ends = [
    effect(() => {
      const row = mode.value === "built" ? selected.value : null;
      untracked(() => {
        if (row && work.check && row.verdict !== "unknown") ask(row);
        else posed.value = { kind: row ? "unknown" : "none" };
      });
    }),
    effect(() => {
      const state = posed.value;
      const times = factor.value;
      clear();
      const box = work.scene && state.kind === "ready" ? boxOf(work.scene, state.id) : null;
      if (state.kind === "ready" && box && mode.value === "built") {
        const centre = scale(add(box.min as unknown as Vec, box.max as unknown as Vec), 0.5);
        const size = Math.hypot(...box.max.map((value, k) => value - (box.min[k] as number)));
        ghost(group, view.design()?.faces(state.id) ?? new Float64Array(), centre, state.pose, times);
        marks.set(arrows(group, centre, size, state.pose, times));
      }
    }),
  ];
  return () => {
    asked?.abort();
    for (const end of ends) end();
    clear();
    marks.dispose();
    stage.scene.remove(group);
  };
};

function ghost(group: THREE.Group, triangles: Float64Array, centre: Vec, pose: BuiltPose, times: number): void {
  const corners = new Float32Array(triangles.length);
  for (let k = 0; k + 2 < triangles.length; k += 3) {
    const place: Vec = [triangles[k] as number, triangles[k + 1] as number, triangles[k + 2] as number];
    corners.set(displaced(place, centre, pose, times), k);
  }
  const shape = new THREE.BufferGeometry();
  shape.setAttribute("position", new THREE.BufferAttribute(corners, 3));
  const edges = new THREE.LineSegments(
    new THREE.EdgesGeometry(shape, 25),
    new THREE.LineBasicMaterial({ color: named(0x8a2be2), depthTest: false, transparent: true }),
  );
  const faces = new THREE.Mesh(
    shape,
    new THREE.MeshBasicMaterial({
      color: named(0x8a2be2),
      transparent: true,
      opacity: 0.22,
      side: THREE.DoubleSide,
      depthWrite: false,
    }),
  );
  faces.renderOrder = 2;
  edges.renderOrder = 3;
  group.add(faces, edges);
}

/** Draw the move as an arrow and each direction that is not known as a dashed line with ends of its own. */
function arrows(group: THREE.Group, centre: Vec, size: number, pose: BuiltPose, times: number): Mark[] {
  const { move, unseen } = moveOf(pose);
  const made: Mark[] = [];
  const far = length(move) * times;
  const tip = add(centre, scale(move, times));
  if (far > 0) {
    const head = Math.min(0.3 * far, 0.12 * size);
    const from = new THREE.Vector3(...centre);
    const arrow = new THREE.ArrowHelper(new THREE.Vector3(...unit(move)), from, far, named(0xd5009b), head, head * 0.6);
    arrow.traverse((node) => {
      node.renderOrder = 4;
      if (node instanceof THREE.Mesh || node instanceof THREE.Line) node.material.depthTest = false;
    });
    group.add(arrow);
  }
  const text = t(times === 1 ? "moved" : "movedTimes", { mm: (length(move) * 1000).toFixed(1), times });
  made.push({ position: far > 0 ? tip : centre, node: words(text, "measure-label") });
  for (const axis of unseen) {
    const [one, other] = [add(centre, scale(axis, 0.35 * size)), add(centre, scale(axis, -0.35 * size))];
    group.add(dashed(one, other));
    made.push({ position: one, node: words(t("notSeenAlong", { axis: name(axis) }), "measure-label unseen") });
  }
  for (const axis of turnOf(pose).unseen) {
    const place = add(centre, scale(axis, -0.25 * size));
    made.push({ position: place, node: words(t("notSeenAbout", { axis: name(axis) }), "measure-label unseen") });
  }
  return made;
}

function dashed(a: Vec, b: Vec): THREE.LineSegments {
  const ends: number[] = [];
  const count = 15; // dashes and gaps, a dash at both ends
  const at = (k: number) => add(scale(a, 1 - k / count), scale(b, k / count));
  for (let k = 0; k < count; k += 2) ends.push(...at(k), ...at(k + 1));
  const line = new THREE.LineSegments(
    new THREE.BufferGeometry().setAttribute("position", new THREE.Float32BufferAttribute(ends, 3)),
    new THREE.LineBasicMaterial({ color: named(0x667788), depthTest: false, transparent: true }),
  );
  line.renderOrder = 4;
  return line;
}

const name = (axis: Vec): string => (axis[0] ? "X" : axis[1] ? "Y" : "Z");

function words(text: string, look: string): HTMLElement {
  const node = document.createElement("span");
  node.className = look;
  node.textContent = text;
  return node;
}
