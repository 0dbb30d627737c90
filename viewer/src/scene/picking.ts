/** Which element is under a finger: the pixel is drawn again with numbers as colours. */
import * as THREE from "three";
import type { DesignLayer } from "../layers/design";
import type { Stage } from "./stage";

export class Picker {
  private readonly target = new THREE.WebGLRenderTarget(1, 1, {
    type: THREE.UnsignedByteType,
  });
  private readonly pixel = new Uint8Array(4);
  private readonly scene = new THREE.Scene();

  /** Return the feature id at a place of the canvas (CSS pixels from its corner), null for none. */
  at(stage: Stage, layer: DesignLayer, x: number, y: number): number | null {
    const { renderer, canvas } = stage;
    const camera = stage.camera.clone();
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    camera.setViewOffset(width, height, Math.floor(x), Math.floor(y), 1, 1);
    const parent = layer.group.parent;
    const background = renderer.getClearColor(new THREE.Color());
    const alpha = renderer.getClearAlpha();
    this.scene.add(layer.group);
    const restore = layer.drawNumbers();
    try {
      renderer.setRenderTarget(this.target);
      renderer.setClearColor(0, 0);
      renderer.clear();
      renderer.render(this.scene, camera);
      renderer.readRenderTargetPixels(this.target, 0, 0, 1, 1, this.pixel);
    } finally {
      renderer.setRenderTarget(null);
      renderer.setClearColor(background, alpha);
      restore();
      parent?.add(layer.group);
    }
    const [r = 0, g = 0, b = 0] = this.pixel;
    const number = r + 256 * g + 65536 * b;
    return number === 0 ? null : number - 1;
  }

  dispose(): void {
    this.target.dispose();
  }
}
