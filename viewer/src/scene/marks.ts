/** Words and buttons at places of the scene: HTML over the canvas, so that they are readable and can be reached by keyboard. */
import * as THREE from "three";
import { apart, type Place, type Size, stacked } from "../core/apart";
import type { Vec } from "../core/space";
import { above } from "../core/space";
import { halvesOf } from "./pointing";
import type { Stage } from "./stage";

export interface Mark {
  readonly position: Vec;
  readonly node: HTMLElement;
  /** Words that are moved rather than lie on others. */
  readonly words?: boolean;
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
  private readonly sizes = new WeakMap<HTMLElement, Size>();
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

  /** Read once: to ask for it at each picture would have the page laid out anew. */
  private sizeOf(node: HTMLElement): Size {
    const known = this.sizes.get(node);
    if (known) return known;
    const size = { width: node.offsetWidth, height: node.offsetHeight };
    if (size.height > 0) this.sizes.set(node, size);
    return size;
  }

  private place(): void {
    const taken: Place[] = [];
    const written: (Place & Size)[] = [];
    for (const { position, node, words } of this.marks) {
      const place = onCanvas(this.stage, position, this.cutAway);
      node.hidden = place === null;
      const size = words && place ? this.sizeOf(node) : null;
      const free = place && size ? stacked(place, size, written) : place;
      if (free && size) written.push({ ...free, ...size });
      const at = free && (node.tabIndex < 0 ? free : apart(free, taken));
      if (at && node.tabIndex >= 0) taken.push(at);
      if (at) node.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px) translate(-50%, -50%)`;
    }
  }
}
