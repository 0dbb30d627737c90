/** The scan with its signed deviations, streamed as 3D Tiles and coloured by a ramp that changes live. */
import { TilesRenderer } from "3d-tiles-renderer";
import { GLTFExtensionsPlugin } from "3d-tiles-renderer/plugins";
import * as THREE from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { rampTexels } from "../core/palette";
import { fetched } from "../core/source";
import type { Layer, Stage } from "../scene/stage";

const VERTEX = /* glsl */ `
attribute float _deviation;
uniform float uSize;
flat varying float vDeviation;
#include <clipping_planes_pars_vertex>
void main() {
  vDeviation = _deviation;
  vec4 mvPosition = modelViewMatrix * vec4(position, 1.0);
  #include <clipping_planes_vertex>
  gl_Position = projectionMatrix * mvPosition;
  gl_PointSize = uSize;
}`;

const FRAGMENT = /* glsl */ `
flat varying float vDeviation;
uniform sampler2D uRamp;
uniform float uUnit, uRange, uTolerance, uNoData;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  if (length(gl_PointCoord - 0.5) > 0.5) discard;
  if (vDeviation <= uNoData + 0.5) { gl_FragColor = vec4(0.55, 0.57, 0.6, 1.0); return; }
  float metres = vDeviation * uUnit;
  vec3 colour = texture2D(uRamp, vec2(clamp(0.5 + 0.5 * metres / uRange, 0.001, 0.999), 0.5)).rgb;
  if (abs(metres) <= uTolerance) colour = mix(colour, vec3(0.62, 0.78, 0.66), 0.75);
  gl_FragColor = vec4(colour, 1.0);
}`;

/** What the renderer counts but does not declare. */
interface Stats {
  queued: number;
  downloading: number;
  parsing: number;
}

interface TilesetExtras {
  origin_m: [number, number, number];
  points: number;
  deviation: { unit_m: number; no_data: number };
  features?: { none: number };
}

export class DeviationLayer implements Layer {
  readonly group = new THREE.Group();
  /** Told when a tile does not come; the others stay. */
  onFailed: () => void = () => {};
  private readonly tiles: TilesRenderer;
  private readonly material: THREE.ShaderMaterial;
  private ready = false;
  private changed = true;
  private elements = Number.POSITIVE_INFINITY;

  /** `origin` is that of the model's scene: what the stage's coordinates are relative to. */
  constructor(url: string, origin: readonly number[], planes: THREE.Plane[]) {
    const ramp = new THREE.DataTexture(rampTexels() as Uint8Array<ArrayBuffer>, 256, 1);
    ramp.magFilter = THREE.LinearFilter;
    ramp.needsUpdate = true;
    this.material = new THREE.ShaderMaterial({
      uniforms: {
        uRamp: { value: ramp },
        uUnit: { value: 1e-4 },
        uNoData: { value: -32768 },
        uRange: { value: 0.03 },
        uTolerance: { value: 0.01 },
        uSize: { value: 2.5 * Math.min(globalThis.devicePixelRatio || 1, 2) },
      },
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      clipping: true,
      clippingPlanes: planes,
    });
    this.tiles = new TilesRenderer(url);
    this.tiles.registerPlugin({ fetchData: (asked: string, how: RequestInit) => fetched(asked, how) });
    this.tiles.registerPlugin(new GLTFExtensionsPlugin({ meshoptDecoder: MeshoptDecoder }));
    this.tiles.errorTarget = 12;
    this.tiles.lruCache.maxBytesSize = 300e6;
    this.tiles.lruCache.minBytesSize = 200e6;
    this.group.add(this.tiles.group);
    this.tiles.addEventListener("load-root-tileset", () => this.begin(origin));
    this.tiles.addEventListener("load-model", ({ scene }: { scene: THREE.Object3D }) => this.dress(scene));
    this.tiles.addEventListener("needs-update", () => this.mark());
    this.tiles.addEventListener("load-error", () => this.onFailed());
  }

  /** Set the ramp: deviations of `rangeMm` get its ends, those within `toleranceMm` are set apart. */
  set(rangeMm: number, toleranceMm: number): void {
    const uniforms = this.material.uniforms as Record<"uRange" | "uTolerance", THREE.IUniform<number>>;
    uniforms.uRange.value = rangeMm / 1000;
    uniforms.uTolerance.value = toleranceMm / 1000;
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

  /** Return what a point knows of itself: its element and its signed deviation in metres. */
  told(points: THREE.Points, at: number): { featureId: number | null; deviation: number | null } {
    const { uUnit, uNoData } = this.material.uniforms as Record<"uUnit" | "uNoData", THREE.IUniform<number>>;
    const id = points.geometry.getAttribute("_feature_id_0")?.getX(at);
    const raw = points.geometry.getAttribute("_deviation")?.getX(at);
    return {
      featureId: id === undefined || id >= this.elements ? null : id,
      deviation: raw === undefined || raw <= uNoData.value ? null : raw * uUnit.value,
    };
  }

  update(stage: Stage): boolean {
    this.tiles.setCamera(stage.camera);
    this.tiles.setResolutionFromRenderer(stage.camera, stage.renderer);
    stage.camera.updateMatrixWorld();
    this.tiles.update();
    const { queued, downloading, parsing } = (this.tiles as unknown as { stats: Stats }).stats;
    const again = this.changed;
    this.changed = false;
    return again || !this.ready || queued + downloading + parsing > 0;
  }

  dispose(): void {
    this.tiles.dispose();
    (this.material.uniforms["uRamp"] as THREE.IUniform<THREE.Texture>).value.dispose();
    this.material.dispose();
  }

  private begin(origin: readonly number[]): void {
    const root = (this.tiles as unknown as { rootTileset?: { extras?: TilesetExtras } }).rootTileset;
    const extras = root?.extras;
    if (extras) {
      const uniforms = this.material.uniforms as Record<"uUnit" | "uNoData", THREE.IUniform<number>>;
      uniforms.uUnit.value = extras.deviation.unit_m;
      uniforms.uNoData.value = extras.deviation.no_data;
      this.elements = extras.features?.none ?? this.elements;
      const shift = extras.origin_m.map((value, axis) => value - (origin[axis] ?? 0));
      this.group.position.set(shift[0] ?? 0, shift[1] ?? 0, shift[2] ?? 0);
    }
    this.ready = true;
    this.mark();
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
