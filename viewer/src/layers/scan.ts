/** The scan in its own frame, streamed as 3D Tiles: what points are picked on before there is a pose. */
import { TilesRenderer } from "3d-tiles-renderer";
import { GLTFExtensionsPlugin } from "3d-tiles-renderer/plugins";
import * as THREE from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { fetched } from "../core/source";
import type { Vec } from "../core/space";
import type { Layer, Stage } from "../scene/stage";

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

interface Stats {
  queued: number;
  downloading: number;
  parsing: number;
}

/** What `tileset.json` says of the scan. */
export interface ScanTold {
  origin_m: [number, number, number];
  points: number;
  attributes: string[];
  stations: { name: string; position_m: [number, number, number] }[];
}

export class ScanLayer implements Layer {
  readonly group = new THREE.Group();
  /** Told once, when the list of tiles is there. */
  onReady: (told: ScanTold, box: THREE.Box3) => void = () => {};
  onFailed: () => void = () => {};
  private readonly tiles: TilesRenderer;
  private readonly material: THREE.ShaderMaterial;
  private ready = false;
  private changed = true;

  constructor(url: string, planes: THREE.Plane[], tint: THREE.ColorRepresentation = "#ffffff") {
    this.material = new THREE.ShaderMaterial({
      uniforms: {
        uSize: { value: 2.5 * Math.min(globalThis.devicePixelRatio || 1, 2) },
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
    this.group.matrixAutoUpdate = false;
    this.tiles = new TilesRenderer(url);
    this.tiles.registerPlugin({ fetchData: (asked: string, how: RequestInit) => fetched(asked, how) });
    this.tiles.registerPlugin(new GLTFExtensionsPlugin({ meshoptDecoder: MeshoptDecoder }));
    this.tiles.errorTarget = 10;
    this.tiles.lruCache.maxBytesSize = 200e6;
    this.tiles.lruCache.minBytesSize = 100e6;
    this.group.add(this.tiles.group);
    this.tiles.addEventListener("load-root-tileset", () => this.begin());
    this.tiles.addEventListener("load-error", () => this.onFailed());
    this.tiles.addEventListener("load-model", ({ scene }: { scene: THREE.Object3D }) => this.dress(scene));
    this.tiles.addEventListener("needs-update", () => this.mark());
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

  /** Yield the points that are drawn now, tile by tile. */
  *shown(): Generator<THREE.Points> {
    for (const tile of this.tiles.group.children) {
      const found: THREE.Points[] = [];
      tile.traverseVisible((node) => {
        if (node instanceof THREE.Points) found.push(node);
      });
      yield* found;
    }
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

  /** True while tiles that are wanted are on their way. */
  get busy(): boolean {
    const { queued, downloading, parsing } = (this.tiles as unknown as { stats: Stats }).stats;
    return !this.ready || queued + downloading + parsing > 0;
  }

  update(stage: Stage): boolean {
    this.tiles.setCamera(stage.camera);
    this.tiles.setResolutionFromRenderer(stage.camera, stage.renderer);
    stage.camera.updateMatrixWorld();
    const height = stage.renderer.domElement.height;
    (this.material.uniforms["uPixels"] as THREE.IUniform<number>).value =
      0.5 * height * (stage.camera.projectionMatrix.elements[5] ?? 1);
    this.tiles.update();
    const again = this.changed;
    this.changed = false;
    if (again) stage.invalidate();
    return again || this.busy;
  }

  dispose(): void {
    this.tiles.dispose();
    this.material.dispose();
  }

  private begin(): void {
    const told = (this.tiles as unknown as { rootTileset?: { extras?: ScanTold } }).rootTileset?.extras;
    const box = new THREE.Box3();
    this.tiles.getBoundingBox(box);
    this.ready = true;
    this.mark();
    if (!told || box.isEmpty()) return;
    const uniforms = this.material.uniforms as Record<"uLow" | "uHigh", THREE.IUniform<number>>;
    [uniforms.uLow.value, uniforms.uHigh.value] = [box.min.z, box.max.z];
    this.onReady(told, box);
  }

  private dress(scene: THREE.Object3D): void {
    scene.traverse((node) => {
      if (node instanceof THREE.Points) {
        (node.material as THREE.Material).dispose();
        node.material = this.material;
      }
    });
    this.mark();
  }

  private mark(): void {
    this.changed = true;
  }
}
