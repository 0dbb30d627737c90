/** Letters at places of a stage: drawn by the page, so that they stay sharp and of one size. */
import * as THREE from "three";
import type { Vec } from "../core/space";
import type { Layer, Stage } from "./stage";

export interface Mark {
  name: string;
  at: Vec;
  look: "pair" | "half" | "outlier" | "aim" | "station";
}

export class Markers implements Layer {
  readonly group = new THREE.Group();
  private readonly host = document.createElement("div");
  private marks: { at: THREE.Vector3; node: HTMLElement }[] = [];

  constructor(stage: Stage) {
    this.host.className = "letters";
    this.host.setAttribute("aria-hidden", "true");
    stage.canvas.parentElement?.append(this.host);
  }

  show(marks: readonly Mark[]): void {
    this.host.replaceChildren();
    this.marks = marks.map(({ name, at, look }) => {
      const node = document.createElement("span");
      node.className = `letter ${look}`;
      node.textContent = name;
      this.host.append(node);
      return { at: new THREE.Vector3(...at), node };
    });
  }

  update(stage: Stage): boolean {
    const { camera, canvas } = stage;
    camera.updateMatrixWorld();
    const p = new THREE.Vector3();
    for (const { at, node } of this.marks) {
      p.copy(at).project(camera);
      node.hidden = !(p.z > -1 && p.z < 1);
      const [x, y] = [(0.5 + 0.5 * p.x) * canvas.clientWidth, (0.5 - 0.5 * p.y) * canvas.clientHeight];
      node.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    }
    return false;
  }

  dispose(): void {
    this.host.remove();
  }
}
