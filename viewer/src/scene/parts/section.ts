/** The cuts of the view, and the handles by which they are moved. */
import { effect } from "@preact/signals";
import * as THREE from "three";
import { t } from "../../core/i18n";
import { measures, pending } from "../../core/measure";
import { mode } from "../../core/mode";
import { level } from "../../core/plan";
import { line } from "../../core/profile";
import {
  AXES,
  type Axis,
  addSection,
  asksForFace,
  changeSection,
  clearSections,
  halves,
  hatched,
  moved,
  type SectionBox,
  sectionBox,
  sections,
  withSide,
} from "../../core/sections";
import { add, dot, scale, sub, type Vec } from "../../core/space";
import { type Mark, Marks } from "../marks";
import { pixelAt, rayAt } from "../pointing";
import { named, type Stage } from "../stage";
import type { Part } from "../view";

/** Something that a handle moves along a line. */
interface Handle {
  key: string;
  label: string;
  at: Vec;
  along: Vec;
  /** Metres along the line. */
  move(by: number): void;
}

let project = "";

/** What was cut, measured and drawn stays when the view begins anew, and goes with the project that it is about. */
function forProject(id: string): void {
  const another = project !== "" && project !== id; // what a link brings along is not another's
  project = id;
  if (!another) return;
  clearSections();
  measures.value = [];
  pending.value = [];
  line.value = [];
  level.value = "";
}

export const sectionPart: Part = (view) => {
  const { stage } = view;
  forProject(view.work.project.id);
  const marks = new Marks(stage, "handles", false);
  const frame = new THREE.LineSegments(
    new THREE.BufferGeometry(),
    new THREE.LineBasicMaterial({ color: named(0x0f8a80), depthTest: false, transparent: true }),
  );
  frame.renderOrder = 2;
  frame.frustumCulled = false;
  stage.scene.add(frame);
  const nodes = new Map<string, { node: HTMLElement; handle: Handle }>();

  function nodeOf(handle: Handle): HTMLElement {
    const known = nodes.get(handle.key);
    if (known) {
      known.handle = handle;
      describe(known.node, handle);
      return known.node;
    }
    const node = document.createElement("div");
    const kept = { node, handle };
    nodes.set(handle.key, kept);
    node.className = "handle";
    node.tabIndex = 0;
    node.setAttribute("role", "slider");
    describe(node, handle);
    drag(stage, node, () => kept.handle);
    return node;
  }

  const ends = [
    effect(() => {
      const made = halves.value.map((half) => new THREE.Plane(new THREE.Vector3(...half.normal), half.constant));
      stage.planes.splice(0, stage.planes.length, ...made);
      view.design()?.hatch(hatched.value ? stage.renderer.getPixelRatio() : 0);
      stage.invalidate();
    }),
    effect(() => {
      const editing = mode.value === "sections";
      const box = sectionBox.value;
      const handles = editing ? handlesOf(box) : [];
      const keys = new Set(handles.map((one) => one.key));
      for (const key of nodes.keys()) if (!keys.has(key)) nodes.delete(key);
      marks.set(handles.map((handle): Mark => ({ position: handle.at, node: nodeOf(handle) })));
      frame.visible = editing && box !== null;
      if (box) outline(frame, box);
    }),
    view.onTap((x, y) => {
      if (!asksForFace.peek() || mode.peek() !== "sections") return false;
      const hit = view.point(x, y, { kinds: ["model"], radius: 0, ghosts: true });
      if (!hit?.normal) return true;
      asksForFace.value = false;
      const row = hit.featureId === null ? undefined : view.work.table.rows[hit.featureId];
      // the face's own side is kept, and a millimetre of it goes: else it would cut nothing
      const inward = scale(hit.normal, -1);
      addSection("face", inward, add(hit.position, scale(inward, 0.001)), row?.name || row?.globalId);
      return true;
    }),
  ];
  return () => {
    for (const end of ends) end();
    marks.dispose();
    stage.scene.remove(frame);
    frame.geometry.dispose();
    frame.material.dispose();
  };
};

function handlesOf(box: SectionBox | null): Handle[] {
  const made = sections.value.map(
    (section): Handle => ({
      key: `plane-${section.id}`,
      label: t("sectionPlane", {
        name: section.kind === "face" ? (section.of ?? t("face")) : section.kind.toUpperCase(),
      }),
      at: section.at,
      along: section.normal,
      move: (by) => changeSection(section.id, (one) => moved(one, by)),
    }),
  );
  if (!box) return made;
  const middle = scale(add(box.min, box.max), 0.5);
  for (const axis of [0, 1, 2] as Axis[])
    for (const end of ["min", "max"] as const)
      made.push({
        key: `box-${end}-${axis}`,
        label: t(end === "min" ? "boxFrom" : "boxTo", { axis: (AXES[axis] as string).toUpperCase() }),
        at: middle.map((value, k) => (k === axis ? box[end][axis] : value)) as unknown as Vec,
        along: [0, 1, 2].map((k) => (k === axis ? 1 : 0)) as unknown as Vec,
        move: (by) => {
          const now = sectionBox.peek();
          if (now) sectionBox.value = withSide(now, axis, end, now[end][axis] + by);
        },
      });
  return made;
}

function describe(node: HTMLElement, handle: Handle): void {
  const value = dot(handle.at, handle.along);
  node.setAttribute("aria-label", handle.label);
  node.setAttribute("aria-valuenow", value.toFixed(2));
  node.setAttribute("aria-valuetext", `${value.toFixed(2)} m`);
  node.title = handle.label;
}

/** Let a handle be dragged along its line by finger, mouse and arrow keys (5 cm; with shift 50 cm). */
function drag(stage: Stage, node: HTMLElement, handle: () => Handle): void {
  let from: number | null = null;
  const along = (event: PointerEvent) => {
    const box = stage.canvas.getBoundingClientRect();
    return onLine(stage, handle(), event.clientX - box.left, event.clientY - box.top);
  };
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    from = along(event);
    event.preventDefault();
    event.stopPropagation();
    node.focus();
  });
  node.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = along(event);
    if (Math.abs(to) < 1e4) handle().move(to - from);
    from = along(event); // seen from where the handle is now
  });
  for (const name of ["pointerup", "pointercancel"] as const)
    node.addEventListener(name, () => {
      from = null;
    });
  node.addEventListener("keydown", (event) => {
    const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (sign === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    handle().move(sign * (event.shiftKey ? 0.5 : 0.05));
  });
}

/** Return how far along a handle's line a place of the canvas is, metres from the handle. */
function onLine(stage: Stage, { at, along }: Handle, x: number, y: number): number {
  const ray = rayAt(stage, x, y);
  const between = sub(at, ray.origin);
  const cosine = dot(along, ray.direction);
  const det = 1 - cosine * cosine;
  // looked at along the line: up is further, pixel by pixel
  if (det < 0.02) return -y * pixelAt(stage, at);
  return (cosine * dot(between, ray.direction) - dot(between, along)) / det;
}

function outline(frame: THREE.LineSegments, { min, max }: SectionBox): void {
  const corner = (k: number): Vec => [k & 1 ? max[0] : min[0], k & 2 ? max[1] : min[1], k & 4 ? max[2] : min[2]];
  const ends = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((k) => [1, 2, 4].filter((b) => !(k & b)).map((b) => [k, k | b]));
  frame.geometry.setAttribute(
    "position",
    new THREE.Float32BufferAttribute(
      ends.flatMap(([a, b]) => [...corner(a as number), ...corner(b as number)]),
      3,
    ),
  );
}
