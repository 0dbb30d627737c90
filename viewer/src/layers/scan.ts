/** The scan in its own frame, streamed as 3D Tiles: what points are picked on before there is a pose. */
import * as THREE from "three";
import type { Vec } from "../core/space";
import type { Stage } from "../scene/stage";
import { PointTiles, pointSize } from "./point-tiles";

const VERTEX = /* glsl */ `
attribute vec3 color;
attribute float _intensity;
uniform float uSize;
uniform float uPixels;
uniform int uBy;
uniform float uLow, uHigh, uSpacing;
uniform vec3 uTint;
varying vec3 vColour;
#include <clipping_planes_pars_vertex>
vec3 ramp(float s) {
  // dark blue, green, yellow: light grows with the value
  vec3 low = vec3(0.16, 0.20, 0.47), middle = vec3(0.13, 0.57, 0.55), high = vec3(0.95, 0.88, 0.35);
  return s < 0.5 ? mix(low, middle, 2.0 * s) : mix(middle, high, 2.0 * s - 1.0);
}
void main() {
  vec4 place = modelMatrix * vec4(position, 1.0);
  vec3 normal = color * 2.0 - 1.0;
  float known = step(0.3, length(normal));
  // faces of different directions differ, whichever way a normal points
  float light = dot(normal * normal, vec3(0.62, 0.45, 0.95)) / max(dot(normal, normal), 0.1);
  float shade = mix(0.6, light, known);
  vColour = vec3(shade);
  if (uBy == 1) vColour = vec3(0.12 + 0.88 * sqrt(clamp(_intensity, 0.0, 1.0)));
  if (uBy == 2) vColour = ramp(clamp((place.z - uLow) / max(uHigh - uLow, 0.1), 0.0, 1.0)) * (0.55 + 0.5 * shade);
  vColour = vColour * uTint;
  vec4 mvPosition = viewMatrix * place;
  #include <clipping_planes_vertex>
  gl_Position = projectionMatrix * mvPosition;
  // close by the points grow together to surfaces
  gl_PointSize = clamp(uSpacing * uPixels / max(gl_Position.w, 0.01), uSize, 4.0 * uSize);
}`;

const FRAGMENT = /* glsl */ `
varying vec3 vColour;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  gl_FragColor = vec4(vColour, 1.0);
}`;

/** Metres between points as they are looked at close by. */
const SPACING = 0.03;

/** What `tileset.json` says of the scan. */
export interface ScanTold {
  origin_m: [number, number, number];
  points: number;
  attributes: string[];
  stations: { name: string; position_m: [number, number, number] }[];
}

export class ScanLayer extends PointTiles<ScanTold> {
  /** Told once, when the list of tiles is there. */
  onReady: (told: ScanTold, box: THREE.Box3) => void = () => {};

  constructor(url: string, planes: THREE.Plane[], tint: THREE.ColorRepresentation = "#ffffff") {
    const material = new THREE.ShaderMaterial({
      uniforms: {
        uSize: { value: pointSize() },
        uPixels: { value: 800 },
        uSpacing: { value: SPACING },
        uBy: { value: 0 },
        uLow: { value: 0 },
        uHigh: { value: 3 },
        uTint: { value: new THREE.Color(tint) },
      },
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      clipping: true,
      clippingPlanes: planes,
    });
    super(url, material, 10, [200e6, 100e6]);
    this.group.matrixAutoUpdate = false;
  }

  colour(by: "shape" | "intensity" | "height"): void {
    (this.material.uniforms["uBy"] as THREE.IUniform<number>).value = by === "shape" ? 0 : by === "intensity" ? 1 : 2;
    this.mark();
  }

  /** Put the scan where a pose says; the matrix maps its tiles to the stage. */
  put(matrix: THREE.Matrix4): void {
    this.group.matrix.copy(matrix);
    this.group.updateMatrixWorld(true);
    this.mark();
  }

  /** Nothing is known of a point before there is a pose. */
  told(): { featureId: null; deviation: null } {
    return { featureId: null, deviation: null };
  }

  /** Return the points within `reach` metres of a place of the stage. */
  around(place: Vec, reach: number): Vec[] {
    const found: Vec[] = [];
    const at = new THREE.Vector3(...place);
    const sphere = new THREE.Sphere();
    const p = new THREE.Vector3();
    for (const points of this.shown()) {
      const { geometry } = points;
      if (!geometry.boundingSphere) geometry.computeBoundingSphere();
      if (!geometry.boundingSphere) continue;
      points.updateWorldMatrix(true, false);
      sphere.copy(geometry.boundingSphere).applyMatrix4(points.matrixWorld);
      if (sphere.distanceToPoint(at) > reach) continue;
      const positions = geometry.getAttribute("position");
      for (let k = 0; k < positions.count; k += 1) {
        p.fromBufferAttribute(positions, k).applyMatrix4(points.matrixWorld);
        if (p.distanceToSquared(at) <= reach * reach) found.push([p.x, p.y, p.z]);
      }
    }
    return found;
  }

  override update(stage: Stage): boolean {
    const height = stage.renderer.domElement.height;
    (this.material.uniforms["uPixels"] as THREE.IUniform<number>).value =
      0.5 * height * (stage.camera.projectionMatrix.elements[5] ?? 1);
    return super.update(stage);
  }

  protected begin(told: ScanTold | undefined): void {
    const box = new THREE.Box3();
    this.tiles.getBoundingBox(box);
    if (!told || box.isEmpty()) return;
    const uniforms = this.material.uniforms as Record<"uLow" | "uHigh", THREE.IUniform<number>>;
    [uniforms.uLow.value, uniforms.uHigh.value] = [box.min.z, box.max.z];
    this.onReady(told, box);
  }
}
