/** Measuring by taps, and the lines and numbers of what was measured. */
import { effect } from "@preact/signals";
import * as THREE from "three";
import { ROOT } from "../../core/client";
import {
  angleAt,
  betweenPoints,
  fromPlane,
  fromScan,
  keep,
  localPlane,
  measures,
  PLACES,
  type Place,
  patch,
  pending,
  said,
  tool,
  written,
} from "../../core/measure";
import { mode } from "../../core/mode";
import { boxAround } from "../../core/sections";
import type { Workspace } from "../../core/state";
import { pointsIn } from "../../layers/scan-points";
import { Marks } from "../marks";
import { named } from "../stage";
import type { Part } from "../view";

const REACH = 0.15;

export const measurePart: Part = (view) => {
  const { stage } = view;
  const marks = new Marks(stage, "measured");
  const lines = new THREE.LineSegments(
    new THREE.BufferGeometry(),
    new THREE.LineBasicMaterial({ color: named(0xc2185b), depthTest: false, transparent: true }),
  );
  lines.renderOrder = 3;
  lines.frustumCulled = false;
  stage.scene.add(lines);
  let ended = false;

  const ends = [
    view.onTap((x, y) => {
      if (mode.peek() !== "measure") return false;
      const which = tool.peek();
      const first = pending.peek().length === 0;
      const onFace = which === "scan" || (which === "plane" && first);
      const hit = onFace
        ? view.point(x, y, { kinds: ["model"], radius: 0, ghosts: true })
        : view.point(x, y, { ghosts: true });
      if (!hit) {
        said.value = "measureNothing";
        return true;
      }
      const taken = [...pending.peek(), hit];
      if (taken.length < PLACES[which]) {
        said.value = "";
        pending.value = taken;
        return true;
      }
      pending.value = [];
      void finish(taken);
      return true;
    }),
    effect(() => {
      const shown = mode.value === "measure" ? measures.value : [];
      const waiting = mode.value === "measure" ? pending.value : [];
      const ends = shown.flatMap((one) => one.lines.flatMap(([a, b]) => [...a, ...b]));
      lines.geometry.setAttribute("position", new THREE.Float32BufferAttribute(ends, 3));
      lines.visible = ends.length > 0;
      marks.set([
        ...shown.map((one, n) => ({
          position: one.label,
          node: label(`${n + 1}: ${written(one.figures[0] ?? { name: "total", value: null })}`),
          words: true,
        })),
        ...shown.flatMap((one) => one.places.map((place) => ({ position: place.position, node: dot(place.snap) }))),
        ...waiting.map((place) => ({ position: place.position, node: dot(place.snap) })),
      ]);
    }),
  ];

  async function finish(taken: readonly Place[]): Promise<void> {
    const which = tool.peek();
    said.value = "";
    if (which === "points") return keep(betweenPoints(taken as [Place, Place]));
    if (which === "scan") return toScan(taken[0] as Place);
    const made = which === "plane" ? fromPlane(taken as [Place, Place]) : angleAt(taken as [Place, Place, Place]);
    if (made) keep(made);
    else said.value = "measureNothing";
  }

  async function toScan(face: Place): Promise<void> {
    const { work } = view;
    if (!face.normal || !work.check?.has_scene || !work.scene) {
      said.value = "measureFace";
      return;
    }
    said.value = "measureLoading";
    const radius = patch.peek();
    try {
      const around = boxAround({ min: face.position, max: face.position }, Math.hypot(radius, REACH));
      const { positions } = await pointsIn(tilesetUrl(work), work.scene.origin_m, around);
      if (ended) return;
      const found = localPlane(face.position, face.normal, positions, radius, REACH);
      const made = found && fromScan(face, found, registrationOf(work));
      said.value = made ? "" : "measureFew";
      if (made) keep(made);
    } catch {
      if (!ended) said.value = "measureFailed";
    }
  }

  return () => {
    ended = true;
    for (const end of ends) end();
    marks.dispose();
    stage.scene.remove(lines);
    lines.geometry.dispose();
    lines.material.dispose();
  };
};

export function tilesetUrl(work: Workspace): string {
  return `${ROOT}/projects/${work.project.id}/checks/${work.check?.id}/scene/tileset.json`;
}

/** Return what the registration leaves, metres; null where it is not known. */
function registrationOf(work: Workspace): number | null {
  const told = work.check?.registration.rmse_mm;
  return told === null || told === undefined ? null : Number(told) / 1000;
}

function label(text: string): HTMLElement {
  const node = document.createElement("span");
  node.className = "measure-label";
  node.textContent = text;
  return node;
}

function dot(snap: string): HTMLElement {
  const node = document.createElement("span");
  node.className = `measure-dot snap-${snap}`;
  node.setAttribute("aria-hidden", "true");
  return node;
}
