/** How each element looks: one texel an element, read by the shaders by feature id. */
import * as THREE from "three";
import type { Rgb } from "../core/palette";

/** What the fourth number of a texel says. */
export const HIDDEN = 0;
export const GHOST = 80;
export const SOLID = 200;
export const CHOSEN = 255;
const WIDTH = 1024;

export class ElementStyle {
  readonly texture: THREE.DataTexture;
  /** The one that is drawn with now: that of the elements, or another look of them beside it. */
  readonly shown: THREE.IUniform<THREE.DataTexture>;
  /** How far elements are from where they were designed: metres along the design's axes, a texel an element. */
  readonly moves: THREE.IUniform<THREE.DataTexture> = { value: new THREE.DataTexture(new Float32Array(4), 1, 1) };
  readonly moving: THREE.IUniform<number> = { value: 0 };
  /** 1 while the insides of faces stand in for the caps of what is cut: they are not made yet. */
  readonly standIn: THREE.IUniform<number> = { value: 0 };
  private readonly texels: Uint8Array<ArrayBuffer>;
  private other: { texture: THREE.DataTexture; texels: Uint8Array<ArrayBuffer> } | null = null;

  constructor(readonly count: number) {
    const height = Math.max(1, Math.ceil(count / WIDTH));
    this.texels = new Uint8Array(WIDTH * height * 4).fill(SOLID);
    this.texture = new THREE.DataTexture(this.texels, WIDTH, height, THREE.RGBAFormat, THREE.UnsignedByteType);
    this.texture.needsUpdate = true;
    this.shown = { value: this.texture };
  }

  /** Set all elements at once: a colour and how it is drawn for each feature id. */
  paint(look: (id: number) => { colour: Rgb; way: number }): void {
    fill(this.texels, this.count, look);
    this.texture.needsUpdate = true;
  }

  /** Set another look of all elements, to be drawn with while it is asked for. */
  paintBeside(look: (id: number) => { colour: Rgb; way: number }): void {
    if (!this.other) {
      const { width, height } = this.texture.image;
      const texels = new Uint8Array(4 * width * height);
      const texture = new THREE.DataTexture(texels, width, height, THREE.RGBAFormat, THREE.UnsignedByteType);
      this.other = { texture, texels };
    }
    fill(this.other.texels, this.count, look);
    this.other.texture.needsUpdate = true;
  }

  /** Draw with the other look, or with the elements' own. */
  look(which: "own" | "beside"): void {
    this.shown.value = which === "beside" && this.other ? this.other.texture : this.texture;
  }

  /** Draw elements away from their places, and all others at theirs; nothing is kept while none is moved. */
  move(moved: ReadonlyMap<number, readonly [number, number, number]>): void {
    this.moving.value = moved.size > 0 ? 1 : 0;
    if (moved.size === 0) return;
    const { width, height } = this.texture.image;
    if (this.moves.value.image.width !== width) {
      this.moves.value.dispose();
      const texels = new Float32Array(4 * width * height);
      this.moves.value = new THREE.DataTexture(texels, width, height, THREE.RGBAFormat, THREE.FloatType);
    }
    const texels = this.moves.value.image.data as Float32Array;
    texels.fill(0);
    for (const [id, move] of moved) texels.set(move, 4 * id);
    this.moves.value.needsUpdate = true;
  }

  wayOf(id: number): number {
    return this.texels[4 * id + 3] ?? HIDDEN;
  }

  dispose(): void {
    this.moves.value.dispose();
    this.texture.dispose();
    this.other?.texture.dispose();
  }
}

function fill(texels: Uint8Array, count: number, look: (id: number) => { colour: Rgb; way: number }): void {
  for (let id = 0; id < count; id += 1) {
    const { colour, way } = look(id);
    texels[4 * id] = colour[0];
    texels[4 * id + 1] = colour[1];
    texels[4 * id + 2] = colour[2];
    texels[4 * id + 3] = way;
  }
}

const VERTEX_HEAD = /* glsl */ `
attribute float _feature_id_0;
uniform sampler2D uStyle;
uniform sampler2D uMoves;
uniform float uMoving;
flat varying vec4 vStyle;
flat varying float vId;
varying vec3 vSeen;
#include <clipping_planes_pars_vertex>
`;

const VERTEX = /* glsl */ `${VERTEX_HEAD}
void main() {
  int id = int(_feature_id_0 + 0.5);
  vStyle = texelFetch(uStyle, ivec2(id % ${WIDTH}, id / ${WIDTH}), 0);
  vId = _feature_id_0;
  vec3 place = position;
  if (uMoving > 0.5) place += texelFetch(uMoves, ivec2(id % ${WIDTH}, id / ${WIDTH}), 0).xyz;
  vec4 mvPosition = modelViewMatrix * vec4(place, 1.0);
  vSeen = mvPosition.xyz;
  #include <clipping_planes_vertex>
  gl_Position = projectionMatrix * mvPosition;
  if (vStyle.a < 0.1) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
}`;

/** Stripes over the element's own colour, which goes on saying what it says; no verdict has the colour of the stripes. */
const PICKED = "vec3(0.95, 0.05, 0.62)";
const STRIPES = (light: string) =>
  `if (vStyle.a > 0.9) colour = mod(at.x - at.y, 16.0) < 4.0 ? ${PICKED} * ${light} : mix(colour, vec3(1.0), 0.12);`;

const FACES = /* glsl */ `
flat varying vec4 vStyle;
varying vec3 vSeen;
uniform float uOpacity;
uniform float uStandIn;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  bool ghost = vStyle.a < 0.5;
  vec2 at = floor(gl_FragCoord.xy);
  // every second or sixth pixel: see-through without sorting anything
  if (ghost && mod(at.x + 3.0 * at.y, 6.0) > 0.5) discard;
  if (uOpacity < 1.0 && !ghost && mod(at.x + at.y, 2.0) > 0.5) discard;
  vec3 normal = normalize(cross(dFdx(vSeen), dFdy(vSeen)));
  float light = 0.62 + 0.38 * abs(dot(normal, normalize(vec3(0.25, 0.45, 0.85))));
  vec3 colour = vStyle.rgb * light;
  #if NUM_CLIPPING_PLANES > 0
  // until the caps of a cut are made: the inside of a solid, seen from where a plane has cut it open, in its plain colour
  if (uStandIn > 0.5 && !gl_FrontFacing && !ghost) {
    vec3 from = isOrthographic ? vec3(vSeen.xy, 0.0) : vec3(0.0);
    for (int k = 0; k < NUM_CLIPPING_PLANES; ++k) {
      if (dot(from, clippingPlanes[k].xyz) + clippingPlanes[k].w >= 0.0) continue;
      colour = vStyle.rgb * 0.9;
      light = 1.0;
    }
  }
  #endif
  ${STRIPES("(0.55 + 0.45 * light)")}
  gl_FragColor = vec4(colour, 1.0);
}`;

const LINES = /* glsl */ `
flat varying vec4 vStyle;
varying vec3 vSeen;
uniform vec3 uLine;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  if (vStyle.a < 0.5) discard;
  gl_FragColor = vec4(vStyle.a > 0.9 ? ${PICKED} * 0.8 : uLine, 1.0);
}`;

const CHOSEN_LINES = /* glsl */ `
flat varying vec4 vStyle;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  if (vStyle.a < 0.9) discard;
  gl_FragColor = vec4(${PICKED}, 1.0);
}`;

const NUMBERS = /* glsl */ `
flat varying float vId;
flat varying vec4 vStyle;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  if (vStyle.a < 0.5) discard;
  float id = floor(vId + 0.5) + 1.0;
  gl_FragColor = vec4(mod(id, 256.0), mod(floor(id / 256.0), 256.0), floor(id / 65536.0), 255.0) / 255.0;
}`;

/** A cut through a solid: what lies inside another is drawn over it, by a little less depth. */
const CAP_VERTEX = VERTEX.replace("void main() {", "attribute float nested;\nvoid main() {").replace(
  "if (vStyle.a < 0.1)",
  "gl_Position.z -= 8e-7 * (1.0 + nested) * gl_Position.w;\n  if (vStyle.a < 0.1)",
);

const CAP_FACE = /* glsl */ `
flat varying vec4 vStyle;
uniform float uHatch;
#include <clipping_planes_pars_fragment>
void main() {
  #include <clipping_planes_fragment>
  if (vStyle.a < 0.5) discard;
  vec2 at = floor(gl_FragCoord.xy);
  vec3 colour = vStyle.rgb * 0.9;
  if (uHatch > 0.0 && mod(at.x + at.y, 9.0 * uHatch) < 1.5 * uHatch) colour *= 0.55;
  ${STRIPES("1.0")}
  gl_FragColor = vec4(colour, 1.0);
}`;

function material(
  style: ElementStyle,
  fragment: string,
  more: Record<string, THREE.IUniform> = {},
  vertex: string = VERTEX,
): THREE.ShaderMaterial {
  return new THREE.ShaderMaterial({
    uniforms: { uStyle: style.shown, uMoves: style.moves, uMoving: style.moving, ...more },
    vertexShader: vertex,
    fragmentShader: fragment,
    side: THREE.DoubleSide,
    clipping: true,
  });
}

export interface Materials {
  opaque: THREE.ShaderMaterial;
  clear: THREE.ShaderMaterial;
  lines: THREE.ShaderMaterial;
  /** The lines of what is chosen, also through what stands before it. */
  over: THREE.ShaderMaterial;
  /** Draws each element in the colour that is its number plus one: for picking. */
  numbers: THREE.ShaderMaterial;
}

export function materialsOf(style: ElementStyle): Materials {
  const made = {
    opaque: material(style, FACES, { uOpacity: { value: 1 }, uStandIn: style.standIn }),
    clear: material(style, FACES, { uOpacity: { value: 0.5 }, uStandIn: style.standIn }),
    lines: material(style, LINES, {
      uLine: { value: new THREE.Color(0.12, 0.14, 0.18) },
    }),
    over: material(style, CHOSEN_LINES),
    numbers: material(style, NUMBERS),
  };
  made.over.depthTest = false;
  made.over.transparent = true; // drawn after everything that is not
  for (const faces of [made.opaque, made.clear, made.numbers]) {
    faces.polygonOffset = true; // lines lie on the faces
    faces.polygonOffsetFactor = 1;
    faces.polygonOffsetUnits = 1;
  }
  return made;
}

/** Return how the cuts on one plane are drawn, and how in numbers. */
export function capMaterials(
  style: ElementStyle,
  hatch: THREE.IUniform<number>,
): [shown: THREE.ShaderMaterial, numbers: THREE.ShaderMaterial] {
  return [material(style, CAP_FACE, { uHatch: hatch }, CAP_VERTEX), material(style, NUMBERS, {}, CAP_VERTEX)];
}
