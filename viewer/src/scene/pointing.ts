/** Which place of the model or of the scan is under a finger, to less than a millimetre. */
import * as THREE from "three";
import type { SceneElements } from "../core/elements";
import {
  above,
  along,
  closestOnEdge,
  creases,
  distance,
  dot,
  type Edge,
  type Half,
  kept,
  meetings,
  meets,
  normalOf,
  type Ray,
  scale,
  sub,
  type Vec,
} from "../core/space";
import type { DesignLayer } from "../layers/design";
import type { DeviationLayer } from "../layers/deviation";
import type { Camera, Stage } from "./stage";
import { GHOST, SOLID } from "./style";

/** What is under a place of the canvas. */
export interface Hit {
  /** Metres in the scene's frame. */
  readonly position: Vec;
  readonly featureId: number | null;
  readonly kind: "model" | "scan";
  /** What it was drawn to; `cut` is where a section plane goes through an element. */
  readonly snap: "vertex" | "edge" | "face" | "cut" | "point";
  /** Of the face, towards whoever looks; of a cut, of the plane. Points of the scan have none. */
  readonly normal?: Vec;
  /** Signed deviation of a scan point, metres, null where it belongs to no element. */
  readonly deviation?: number | null;
}

export interface Wanted {
  /** Default: what is shown, and the nearer of both. */
  kinds?: readonly ("model" | "scan")[];
  /** How far a corner, an edge or a point may be, CSS pixels; 0 for exactly there. Default 14. */
  radius?: number;
  /** Take what is ghosted as well. */
  ghosts?: boolean;
}

/** Points of a scan, whether or not there are deviations. */
export type Cloud = Pick<DeviationLayer, "group" | "shown" | "told">;

export interface Pointed {
  stage: Stage;
  design: DesignLayer | null;
  cloud: Cloud | null;
  /** Null where there is no model. */
  scene: SceneElements | null;
}

/** Return the ray through the middle of a pixel (CSS pixels). */
export function rayAt(stage: Stage, x: number, y: number): Ray {
  const { camera, canvas } = stage;
  camera.updateMatrixWorld();
  const far = new THREE.Vector3((2 * x) / canvas.clientWidth - 1, 1 - (2 * y) / canvas.clientHeight, 0.5);
  const near = camera instanceof THREE.PerspectiveCamera ? null : new THREE.Vector3(far.x, far.y, -1).unproject(camera);
  const origin = near ?? new THREE.Vector3().setFromMatrixPosition(camera.matrixWorld);
  const direction = far.unproject(camera).sub(origin).normalize();
  return { origin: vec(origin), direction: vec(direction) };
}

export const vec = (v: THREE.Vector3): Vec => [v.x, v.y, v.z];

export function halvesOf(planes: readonly THREE.Plane[]): Half[] {
  return planes.map((plane) => ({ normal: vec(plane.normal), constant: plane.constant }));
}

/** Return what a place of the canvas shows, null for nothing. */
export function pointAt(view: Pointed, x: number, y: number, wanted: Wanted = {}): Hit | null {
  const { stage, design, cloud } = view;
  const radius = wanted.radius ?? 14;
  const kinds = wanted.kinds ?? ["model", "scan"];
  const model = kinds.includes("model") && design?.group.visible ? onModel(view, design, [x, y], radius, wanted) : null;
  const scan = kinds.includes("scan") && cloud?.group.visible ? onScan(stage, cloud, x, y, Math.max(radius, 2)) : null;
  if (!model || !scan) return model ?? scan;
  const eye = vec(stage.camera.getWorldPosition(new THREE.Vector3()));
  const ahead = vec(stage.camera.getWorldDirection(new THREE.Vector3()));
  const depth = (hit: Hit) => dot(sub(hit.position, eye), ahead);
  // points lie on the faces: one a little behind its face is still what is seen
  return depth(scan) <= depth(model) + 0.1 ? scan : model;
}

function onModel(
  { stage, scene }: Pointed,
  design: DesignLayer,
  [x, y]: [number, number],
  radius: number,
  wanted: Wanted,
): Hit | null {
  const least = wanted.ghosts ? GHOST : SOLID;
  const ray = rayAt(stage, Math.floor(x) + 0.5, Math.floor(y) + 0.5);
  const hit = scene && cast(design, scene, ray, halvesOf(stage.planes), (id) => design.style.wayOf(id) >= least);
  return hit && radius > 0 && hit.snap === "face" ? snapped(stage, design, hit, ray, radius) : hit;
}

/** Return where a ray meets the elements that are taken: their boxes first, then the triangles of those in its way. */
export function cast(
  design: DesignLayer,
  scene: SceneElements,
  ray: Ray,
  halves: readonly Half[],
  taken: (id: number) => boolean,
): Hit | null {
  let best: Hit | null = null;
  let far = Number.POSITIVE_INFINITY;
  for (const { id, t } of inTheWay(boxesOf(scene), ray)) {
    if (t > far) break;
    if (!taken(id)) continue;
    const hit = firstOn(ray, design.faces(id), halves, id);
    const at = hit ? dot(sub(hit.position, ray.origin), ray.direction) : far;
    if (at < far) [best, far] = [hit, at];
  }
  return best;
}

const boxes = new WeakMap<SceneElements, Float64Array>();

/** Return the boxes of all elements in metres, six numbers each; NaN for one without a shape. */
function boxesOf(scene: SceneElements): Float64Array {
  const known = boxes.get(scene);
  if (known) return known;
  const made = new Float64Array(6 * scene.count);
  const columns = (["min_x", "min_y", "min_z", "max_x", "max_y", "max_z"] as const).map((name) => scene.box_mm[name]);
  columns.forEach((column, k) => {
    const slack = k < 3 ? -0.001 : 0.001; // corners are drawn rounded
    for (let id = 0; id < scene.count; id += 1) made[6 * id + k] = (column[id] ?? Number.NaN) / 1000 + slack;
  });
  boxes.set(scene, made);
  return made;
}

/** Return the elements whose boxes touch a box (metres, scene's frame). */
export function near(scene: SceneElements, low: readonly number[], high: readonly number[]): number[] {
  const all = boxesOf(scene);
  const found: number[] = [];
  for (let id = 0; id < scene.count; id += 1) {
    const touches = [0, 1, 2].every(
      (k) =>
        (all[6 * id + k] as number) <= (high[k] as number) && (all[6 * id + 3 + k] as number) >= (low[k] as number),
    );
    if (touches) found.push(id);
  }
  return found;
}

/** Return the boxes that a ray goes through, in the order in which it enters them. */
function inTheWay(all: Float64Array, { origin, direction }: Ray): { id: number; t: number }[] {
  const found: { id: number; t: number }[] = [];
  for (let id = 0; 6 * id < all.length; id += 1) {
    let [from, to] = [0, Number.POSITIVE_INFINITY];
    for (let k = 0; k < 3 && from <= to; k += 1) {
      const [o, d] = [origin[k] as number, direction[k] as number];
      const [low, high] = [all[6 * id + k] as number, all[6 * id + 3 + k] as number];
      if (d === 0) {
        if (!(o >= low && o <= high)) to = -1;
        continue;
      }
      const [one, other] = [(low - o) / d, (high - o) / d];
      from = Math.max(from, Math.min(one, other)); // NaN stays NaN, and is not taken below
      to = Math.min(to, Math.max(one, other));
    }
    if (from <= to) found.push({ id, t: from });
  }
  return found.sort((one, other) => one.t - other.t);
}

function firstOn(ray: Ray, triangles: Float64Array, halves: readonly Half[], featureId: number): Hit | null {
  const found = meetings(ray, triangles).sort((one, other) => one.t - other.t);
  const first = found.find(({ t }) => kept(halves, along(ray, t)));
  if (!first) return null;
  const outward = normalOf(triangles, first.triangle);
  const away = dot(outward, ray.direction) > 0;
  const common = { featureId, kind: "model" as const };
  const entered = entry(ray, halves, first.t);
  // seen from within, and cut open just before: what is seen is the cut
  if (away && entered && found.filter(({ t }) => t > entered.t).length % 2 === 1)
    return { ...common, position: along(ray, entered.t), snap: "cut", normal: scale(entered.half.normal, -1) };
  return { ...common, position: along(ray, first.t), snap: "face", normal: away ? scale(outward, -1) : outward };
}

/** Return where a ray comes into what is kept, before `until`. */
function entry(ray: Ray, halves: readonly Half[], until: number): { t: number; half: Half } | null {
  let last: { t: number; half: Half } | null = null;
  for (const half of halves) {
    const t = meets(ray, half);
    if (t === null || t <= 0 || t >= until || dot(half.normal, ray.direction) <= 0) continue;
    if (!last || t > last.t) last = { t, half };
  }
  return last && kept(halves, along(ray, last.t), 1e-7) ? last : null;
}

const drawn = new WeakMap<Float64Array, Edge[]>();

function snapped(stage: Stage, design: DesignLayer, hit: Hit, ray: Ray, radius: number): Hit {
  const triangles = design.faces(hit.featureId as number);
  if (triangles.length > 9 * 200_000) return hit;
  const edges = drawn.get(triangles) ?? creases(triangles);
  drawn.set(triangles, edges);
  const halves = halvesOf(stage.planes);
  // what is near on the screen may be far behind
  const reach = radius * pixelAt(stage, hit.position);
  const near = (place: Vec) => distance(place, hit.position) <= 1.5 * reach && kept(halves, place);
  const off = (place: Vec) => distance(place, along(ray, dot(sub(place, ray.origin), ray.direction)));
  let best: { place: Vec; off: number } | null = null;
  const offer = (place: Vec) => {
    if (near(place) && off(place) <= reach && (!best || off(place) < best.off)) best = { place, off: off(place) };
  };
  for (const [a, b] of edges) {
    offer(a);
    offer(b);
  }
  if (best) return { ...hit, position: (best as { place: Vec }).place, snap: "vertex" };
  for (const edge of edges) offer(closestOnEdge(edge, ray));
  return best ? { ...hit, position: (best as { place: Vec }).place, snap: "edge" } : hit;
}

/** Return the size of a CSS pixel at a place, metres. */
export function pixelAt(stage: Stage, place: Vec): number {
  const { camera, canvas } = stage;
  if (!(camera instanceof THREE.PerspectiveCamera))
    return (camera.top - camera.bottom) / camera.zoom / canvas.clientHeight;
  const eye = vec(camera.getWorldPosition(new THREE.Vector3()));
  const depth = Math.max(dot(sub(place, eye), vec(camera.getWorldDirection(new THREE.Vector3()))), camera.near);
  return (2 * depth * Math.tan((camera.fov * Math.PI) / 360)) / canvas.clientHeight;
}

/** Return the scan point that is nearest to a place of the canvas, of those in front. */
function onScan(stage: Stage, cloud: Cloud, x: number, y: number, radius: number): Hit | null {
  const { camera, canvas } = stage;
  camera.updateMatrixWorld();
  const halves = halvesOf(stage.planes);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const candidates: { points: THREE.Points; at: number; depth: number; off: number }[] = [];
  let front = Number.POSITIVE_INFINITY;
  for (const points of cloud.shown()) {
    const whole = toScreen(points, camera);
    const place = points.geometry.getAttribute("position");
    const m = whole.elements;
    for (let k = 0; k < place.count; k += 1) {
      const [px, py, pz] = [place.getX(k), place.getY(k), place.getZ(k)];
      const w = row(m, 3, px, py, pz);
      const sx = (0.5 + (0.5 * row(m, 0, px, py, pz)) / w) * width - x;
      const sy = (0.5 - (0.5 * row(m, 1, px, py, pz)) / w) * height - y;
      const off = sx * sx + sy * sy;
      const depth = row(m, 2, px, py, pz) / w;
      if (!(off <= radius * radius) || w <= 0 || depth < -1 || depth > 1) continue;
      const real = camera instanceof THREE.PerspectiveCamera ? w : depth * (camera.far - camera.near) * 0.5;
      if (halves.length && !halves.every((half) => above(half, placeOf(points, k)) >= 0)) continue;
      candidates.push({ points, at: k, depth: real, off });
      front = Math.min(front, real);
    }
  }
  let best: (typeof candidates)[number] | null = null;
  for (const one of candidates) if (one.depth <= front + 0.1 && (!best || one.off < best.off)) best = one;
  if (!best) return null;
  const told = cloud.told(best.points, best.at);
  return { position: placeOf(best.points, best.at), kind: "scan", snap: "point", ...told };
}

const row = (m: readonly number[], k: number, x: number, y: number, z: number): number =>
  (m[k] as number) * x + (m[k + 4] as number) * y + (m[k + 8] as number) * z + (m[k + 12] as number);

function toScreen(points: THREE.Points, camera: Camera): THREE.Matrix4 {
  points.updateWorldMatrix(true, false);
  return new THREE.Matrix4()
    .multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse)
    .multiply(points.matrixWorld);
}

function placeOf(points: THREE.Points, at: number): Vec {
  const place = new THREE.Vector3().fromBufferAttribute(points.geometry.getAttribute("position"), at);
  return vec(place.applyMatrix4(points.matrixWorld));
}
