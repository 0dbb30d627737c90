/** Words and buttons at places of the scene: HTML over the canvas, so that they are readable and can be reached by keyboard. */
import * as THREE from "three";
import { apart, type Place } from "../core/apart";
import type { Vec } from "../core/space";
import { above } from "../core/space";
import { halvesOf } from "./pointing";
import type { Stage } from "./stage";

export interface Mark {
  readonly position: Vec;
  readonly node: HTMLElement;
}

/** Where a place is on the canvas, CSS pixels; null when it is behind whoever looks, out of sight or cut away. */
export function onCanvas(stage: Stage, place: Vec, cutAway = true): { x: number; y: number } | null {
  if (cutAway && halvesOf(stage.planes).some((half) => above(half, place) < -0.05)) return null;
  const seen = new THREE.Vector3(...place).project(stage.camera);
  if (seen.z < -1 || seen.z > 1 || Math.abs(seen.x) > 1.1 || Math.abs(seen.y) > 1.1) return null;
  const { clientWidth, clientHeight } = stage.canvas;
  return { x: (0.5 + 0.5 * seen.x) * clientWidth, y: (0.5 - 0.5 * seen.y) * clientHeight };
}

export class Marks {
  private readonly root = document.createElement("div");
  private marks: readonly Mark[] = [];
  private readonly end: () => void;

  /** Marks that belong to a cut stay where it cuts: `cutAway` false. */
  constructor(
    private readonly stage: Stage,
    name: string,
    private readonly cutAway = true,
  ) {
    this.root.className = `marks ${name}`;
    stage.canvas.parentElement?.append(this.root);
    this.end = stage.whenDrawn(() => this.place());
  }

  set(marks: readonly Mark[]): void {
    this.marks = marks;
    const kept = new Set<Node>(marks.map((mark) => mark.node));
    for (const node of [...this.root.childNodes]) if (!kept.has(node)) node.remove();
    for (const { node } of marks) if (node.parentNode !== this.root) this.root.append(node);
    this.place();
    this.stage.invalidate();
  }

  dispose(): void {
    this.end();
    this.root.remove();
  }

  private place(): void {
    const taken: Place[] = [];
    for (const { position, node } of this.marks) {
      const place = onCanvas(this.stage, position, this.cutAway);
      node.hidden = place === null;
      const at = place && (node.tabIndex < 0 ? place : apart(place, taken));
      if (at && node.tabIndex >= 0) taken.push(at);
      if (at) node.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px) translate(-50%, -50%)`;
    }
  }
}
