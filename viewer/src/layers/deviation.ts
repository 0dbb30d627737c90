/** The scan with its signed deviations, streamed as 3D Tiles and coloured by a ramp that changes live. */
import * as THREE from "three";
import { rampTexels } from "../core/palette";
import { PointTiles, pointSize } from "./point-tiles";

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

interface TilesetExtras {
  origin_m: [number, number, number];
  points: number;
  deviation: { unit_m: number; no_data: number };
  features?: { none: number };
}

export class DeviationLayer extends PointTiles<TilesetExtras> {
  private elements = Number.POSITIVE_INFINITY;

  /** `origin` is that of the model's scene: what the stage's coordinates are relative to. */
  constructor(
    url: string,
    private readonly origin: readonly number[],
    planes: THREE.Plane[],
  ) {
    const ramp = new THREE.DataTexture(rampTexels() as Uint8Array<ArrayBuffer>, 256, 1);
    ramp.magFilter = THREE.LinearFilter;
    ramp.needsUpdate = true;
    const material = new THREE.ShaderMaterial({
      uniforms: {
        uRamp: { value: ramp },
        uUnit: { value: 1e-4 },
        uNoData: { value: -32768 },
        uRange: { value: 0.03 },
        uTolerance: { value: 0.01 },
        uSize: { value: pointSize() },
      },
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      clipping: true,
      clippingPlanes: planes,
    });
    super(url, material, 12, [300e6, 200e6]);
  }

  /** Set the ramp: deviations of `rangeMm` get its ends, those within `toleranceMm` are set apart. */
  set(rangeMm: number, toleranceMm: number): void {
    const uniforms = this.material.uniforms as Record<"uRange" | "uTolerance", THREE.IUniform<number>>;
    uniforms.uRange.value = rangeMm / 1000;
    uniforms.uTolerance.value = toleranceMm / 1000;
    this.mark();
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

  override dispose(): void {
    (this.material.uniforms["uRamp"] as THREE.IUniform<THREE.Texture>).value.dispose();
    super.dispose();
  }

  protected begin(told: TilesetExtras | undefined): void {
    if (!told) return;
    const uniforms = this.material.uniforms as Record<"uUnit" | "uNoData", THREE.IUniform<number>>;
    uniforms.uUnit.value = told.deviation.unit_m;
    uniforms.uNoData.value = told.deviation.no_data;
    this.elements = told.features?.none ?? this.elements;
    const shift = told.origin_m.map((value, axis) => value - (this.origin[axis] ?? 0));
    this.group.position.set(shift[0] ?? 0, shift[1] ?? 0, shift[2] ?? 0);
  }
}
