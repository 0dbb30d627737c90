/** The triangles of one element of the model, found among those of all by its feature id. */
import * as THREE from "three";

/** First index and number of indices of an element in a mesh. */
interface Run {
  mesh: THREE.Mesh;
  first: number;
  count: number;
}

/** Say whether a node is a mesh of the model; caps of cuts have the elements' numbers, too, but are none of their faces. */
export function isPart(node: THREE.Object3D): node is THREE.Mesh {
  return node instanceof THREE.Mesh && !node.userData["numbers"] && node.geometry.hasAttribute("_feature_id_0");
}

export class FaceIndex {
  private readonly runs = new Map<number, Run[]>();
  private readonly known = new Set<THREE.Mesh>();
  private readonly recent = new Map<number, Float64Array>();

  /** Take the meshes below a node that are not taken yet; those that are gone are forgotten. */
  follow(group: THREE.Object3D): void {
    const present = new Set<THREE.Mesh>();
    group.traverse((node) => {
      if (isPart(node)) present.add(node);
    });
    let changed = false;
    for (const mesh of this.known)
      if (!present.has(mesh)) {
        this.known.delete(mesh);
        for (const [id, runs] of this.runs) {
          const left = runs.filter((run) => run.mesh !== mesh);
          if (left.length) this.runs.set(id, left);
          else this.runs.delete(id);
        }
        changed = true;
      }
    for (const mesh of present)
      if (!this.known.has(mesh)) {
        this.take(mesh);
        changed = true;
      }
    if (changed) this.recent.clear();
  }

  /** Return the triangles of an element, nine numbers each, metres in the scene's frame; none for what has no shape. */
  of(id: number): Float64Array {
    const had = this.recent.get(id);
    if (had) return had;
    const runs = this.runs.get(id) ?? [];
    const corners = new Float64Array(3 * runs.reduce((sum, run) => sum + run.count, 0));
    let to = 0;
    const place = new THREE.Vector3();
    for (const { mesh, first, count } of runs) {
      mesh.updateWorldMatrix(true, false);
      const position = mesh.geometry.getAttribute("position");
      const index = mesh.geometry.index;
      for (let k = first; k < first + count; k += 1) {
        place.fromBufferAttribute(position, index ? index.getX(k) : k).applyMatrix4(mesh.matrixWorld);
        corners[to++] = place.x;
        corners[to++] = place.y;
        corners[to++] = place.z;
      }
    }
    if (this.recent.size > 64) this.recent.clear();
    this.recent.set(id, corners);
    return corners;
  }

  private take(mesh: THREE.Mesh): void {
    const ids = mesh.geometry.getAttribute("_feature_id_0");
    const index = mesh.geometry.index;
    const total = index ? index.count : ids.count;
    let first = 0;
    let at = -1;
    const close = (end: number) => {
      if (at < 0 || end === first) return;
      const runs = this.runs.get(at) ?? [];
      runs.push({ mesh, first, count: end - first });
      this.runs.set(at, runs);
    };
    for (let k = 0; k < total; k += 3) {
      const id = ids.getX(index ? index.getX(k) : k);
      if (id !== at) {
        close(k);
        first = k;
        at = id;
      }
    }
    close(total);
    this.known.add(mesh);
  }
}
