/** Cut solids look solid: on each section plane the insides of all elements that it cuts, as faces of their own. */
import * as THREE from "three";
import { areaOf, filled, type Pieces } from "../core/caps";
import { capMaterials, type ElementStyle } from "../scene/style";

/** How many elements on one plane are looked through for those that lie inside others. */
const MOST_NESTED = 2000;

interface Cut {
  id: number;
  triangles: number[];
  area: number;
  box: [number, number, number, number];
}

/** The basis of a plane: any two directions at right angles to its normal and to each other. */
function basisOf({ normal, constant }: THREE.Plane) {
  const least = Math.abs(normal.z) < 0.9 ? new THREE.Vector3(0, 0, 1) : new THREE.Vector3(1, 0, 0);
  const right = new THREE.Vector3().crossVectors(least, normal).normalize();
  return {
    origin: normal.clone().multiplyScalar(-constant),
    right,
    up: new THREE.Vector3().crossVectors(normal, right),
  };
}

/** Return the outlines of the elements of a mesh on a plane, element by element: u and v in the plane's basis. */
export function outlines(mesh: THREE.Mesh, plane: THREE.Plane): Map<number, Pieces> {
  const { origin, right, up } = basisOf(plane);
  mesh.updateWorldMatrix(true, false);
  const ids = mesh.geometry.getAttribute("_feature_id_0");
  const position = mesh.geometry.getAttribute("position");
  const index = mesh.geometry.index;
  const place = new THREE.Vector3();
  const [away, u, v] = [0, 1, 2].map(() => new Float64Array(position.count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let k = 0; k < position.count; k += 1) {
    place.fromBufferAttribute(position, k).applyMatrix4(mesh.matrixWorld);
    away[k] = plane.distanceToPoint(place);
    place.sub(origin);
    u[k] = place.dot(right);
    v[k] = place.dot(up);
  }
  const made = new Map<number, Pieces>();
  const total = index ? index.count : position.count;
  const corners = [0, 0, 0];
  for (let k = 0; k < total; k += 3) {
    let kept = 0;
    for (let c = 0; c < 3; c += 1) {
      corners[c] = index ? index.getX(k + c) : k + c;
      if ((away[corners[c] as number] as number) >= 0) kept += 1;
    }
    if (kept === 0 || kept === 3) continue;
    const piece = crossing(corners as [number, number, number], away, u, v);
    const id = Math.round(ids.getX(corners[0] as number));
    const pieces = made.get(id);
    if (pieces) pieces.push(...piece);
    else made.set(id, piece);
  }
  return made;
}

/** Return where a triangle crosses the plane: from where its outline leaves what is kept to where it comes back. */
function crossing(corners: [number, number, number], away: Float64Array, u: Float64Array, v: Float64Array): Pieces {
  const ends: [number, number] = [0, 0];
  let [out, back]: [[number, number], [number, number]] = [ends, ends];
  for (let c = 0; c < 3; c += 1) {
    // always from the kept corner, so that two triangles at an edge agree to the last bit
    const [a, b] = [corners[c] as number, corners[(c + 1) % 3] as number];
    const [da, db] = [away[a] as number, away[b] as number];
    if (da >= 0 === db >= 0) continue;
    const [i, o] = da >= 0 ? [a, b] : [b, a];
    const share = (away[i] as number) / ((away[i] as number) - (away[o] as number));
    const at: [number, number] = [
      (u[i] as number) + share * ((u[o] as number) - (u[i] as number)),
      (v[i] as number) + share * ((v[o] as number) - (v[i] as number)),
    ];
    if (da >= 0) out = at;
    else back = at;
  }
  return [...out, ...back];
}

/** One plane's caps. */
class PlaneCaps {
  readonly mesh: THREE.Mesh;
  private readonly shown: THREE.ShaderMaterial;
  private readonly numbers: THREE.ShaderMaterial;

  constructor(style: ElementStyle, hatch: THREE.IUniform<number>, others: THREE.Plane[]) {
    [this.shown, this.numbers] = capMaterials(style, hatch);
    for (const one of [this.shown, this.numbers]) one.clippingPlanes = others;
    this.mesh = new THREE.Mesh(new THREE.BufferGeometry(), this.shown);
    this.mesh.frustumCulled = false;
    this.mesh.userData["numbers"] = this.numbers;
  }

  fill(plane: THREE.Plane, cuts: readonly Cut[]): void {
    const { origin, right, up } = basisOf(plane);
    const levels = levelsOf(cuts);
    const corners = cuts.reduce((sum, one) => sum + one.triangles.length / 2, 0);
    const [places, ids, nested] = [new Float32Array(3 * corners), new Float32Array(corners), new Float32Array(corners)];
    let to = 0;
    cuts.forEach(({ id, triangles }, n) => {
      for (let k = 0; k < triangles.length; k += 2) {
        const [u, v] = [triangles[k] as number, triangles[k + 1] as number];
        places[3 * to] = origin.x + u * right.x + v * up.x;
        places[3 * to + 1] = origin.y + u * right.y + v * up.y;
        places[3 * to + 2] = origin.z + u * right.z + v * up.z;
        ids[to] = id;
        nested[to] = levels[n] ?? 0;
        to += 1;
      }
    });
    const { geometry } = this.mesh;
    geometry.setAttribute("position", new THREE.BufferAttribute(places, 3));
    geometry.setAttribute("_feature_id_0", new THREE.BufferAttribute(ids, 1));
    geometry.setAttribute("nested", new THREE.BufferAttribute(nested, 1));
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    this.shown.dispose();
    this.numbers.dispose();
  }
}

/** Return for each element in how many others it lies, by their boxes: what is inside is drawn over what is around it. */
function levelsOf(cuts: readonly Cut[]): number[] {
  if (cuts.length > MOST_NESTED) return [];
  return cuts.map((one) =>
    Math.min(
      4,
      cuts.filter((around) => around.area > one.area && [0, 1].every((k) => holds(around.box, one.box, k))).length,
    ),
  );
}

const holds = (around: Cut["box"], one: Cut["box"], k: number): boolean =>
  (around[k] as number) <= (one[k] as number) && (around[k + 2] as number) >= (one[k + 2] as number);

export class Caps {
  readonly group = new THREE.Group();
  private made: PlaneCaps[] = [];
  private wanted = "";
  private changed = 0;
  private cost = 0;
  private done = true;

  constructor(
    private readonly style: ElementStyle,
    private readonly hatch: THREE.IUniform<number>,
  ) {}

  /**
   * Follow the planes and what is loaded; true while there is more to do. Caps of large models wait until the planes
   * rest: meanwhile there are none, and the insides of the faces stand in for them.
   */
  follow(planes: readonly THREE.Plane[], meshes: () => THREE.Mesh[], version: string): boolean {
    const moves = this.style.moving.value > 0; // elements away from their places are not cut
    const asked = moves ? [] : planes;
    const wanted = `${version} ${asked.map(({ normal, constant }) => [...normal.toArray(), constant]).join(" ")}`;
    const now = performance.now();
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      this.changed = now;
      this.done = asked.length === 0;
      this.clear();
    }
    this.style.standIn.value = planes.length > 0 && (moves || !this.done) ? 1 : 0;
    if (this.done) return false;
    if (this.cost > 30 && now - this.changed < 5 * this.cost) return true;
    this.make(asked, meshes());
    this.cost = performance.now() - now;
    this.done = true;
    this.style.standIn.value = 0;
    return true;
  }

  dispose(): void {
    this.clear();
  }

  private make(planes: readonly THREE.Plane[], meshes: readonly THREE.Mesh[]): void {
    for (const plane of planes) {
      const cuts: Cut[] = [];
      for (const mesh of meshes)
        for (const [id, pieces] of outlines(mesh, plane)) {
          const triangles = filled(pieces);
          if (triangles.length) cuts.push({ id, triangles, area: areaOf(triangles), box: boxOf(triangles) });
        }
      if (cuts.length === 0) continue;
      const caps = new PlaneCaps(
        this.style,
        this.hatch,
        planes.filter((one) => one !== plane),
      );
      caps.fill(plane, cuts);
      this.made.push(caps);
      this.group.add(caps.mesh);
    }
  }

  private clear(): void {
    for (const one of this.made) {
      one.mesh.removeFromParent();
      one.dispose();
    }
    this.made = [];
  }
}

function boxOf(triangles: readonly number[]): Cut["box"] {
  const box: Cut["box"] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < triangles.length; k += 2)
    for (const c of [0, 1] as const) {
      box[c] = Math.min(box[c], triangles[k + c] as number);
      box[c + 2] = Math.max(box[c + 2] as number, triangles[k + c] as number);
    }
  return box;
}
