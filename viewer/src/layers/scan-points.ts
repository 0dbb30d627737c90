/** All points of the scan within a box, at full resolution: read from the tiles themselves, whatever is drawn. */
import * as THREE from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import type { SectionBox } from "../core/sections";
import { bytesOf, fetched } from "../core/source";

export interface ScanPoints {
  /** Three numbers each, metres in the scene's frame. */
  readonly positions: Float64Array;
  /** Signed, metres; NaN where a point belongs to no element. */
  readonly deviations: Float64Array;
  /** Feature id, -1 for none. */
  readonly elements: Int32Array;
  /** False where there were more than could be taken: then some tiles are missing. */
  readonly whole: boolean;
}

interface TileJson {
  boundingVolume: { box: number[] };
  content?: { uri: string };
  children?: TileJson[];
}

interface TilesetJson {
  root: TileJson;
  extras: {
    origin_m: [number, number, number];
    deviation: { unit_m: number; no_data: number };
    features: { none: number };
  };
}

const MOST_TILES = 80;
const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
const tilesets = new Map<string, Promise<TilesetJson>>();

async function tilesetOf(url: string): Promise<TilesetJson> {
  const known = tilesets.get(url);
  if (known) return known;
  const asked = fetched(url).then((answer) => {
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json() as Promise<TilesetJson>;
  });
  tilesets.set(url, asked);
  asked.catch(() => tilesets.delete(url));
  return asked;
}

/** Return the points in a box (metres, scene's frame); `origin` is the model scene's, as for `DeviationLayer`. */
export async function pointsIn(url: string, origin: readonly number[], box: SectionBox): Promise<ScanPoints> {
  const { root, extras } = await tilesetOf(url);
  const shift = extras.origin_m.map((value, k) => value - (origin[k] ?? 0));
  const wanted = contentsIn(root, box, shift);
  const positions: number[] = [];
  const deviations: number[] = [];
  const elements: number[] = [];
  const place = new THREE.Vector3();
  for (const uri of wanted.slice(0, MOST_TILES)) {
    const { scene } = await loader.parseAsync(await bytesOf(url.replace(/[^/]*$/, uri)), "");
    scene.rotation.x = Math.PI / 2; // glTF has y up
    scene.position.set(shift[0] ?? 0, shift[1] ?? 0, shift[2] ?? 0);
    scene.updateMatrixWorld(true);
    scene.traverse((node) => {
      if (!(node instanceof THREE.Points)) return;
      const at = node.geometry.getAttribute("position");
      const deviation = node.geometry.getAttribute("_deviation");
      const feature = node.geometry.getAttribute("_feature_id_0");
      for (let k = 0; k < at.count; k += 1) {
        place.fromBufferAttribute(at, k).applyMatrix4(node.matrixWorld);
        if (!(place.x >= box.min[0] && place.x <= box.max[0] && place.y >= box.min[1] && place.y <= box.max[1]))
          continue;
        if (!(place.z >= box.min[2] && place.z <= box.max[2])) continue;
        const raw = deviation.getX(k);
        const id = feature.getX(k);
        positions.push(place.x, place.y, place.z);
        deviations.push(raw <= extras.deviation.no_data ? Number.NaN : raw * extras.deviation.unit_m);
        elements.push(id >= extras.features.none ? -1 : id);
      }
      node.geometry.dispose();
    });
  }
  return {
    positions: Float64Array.from(positions),
    deviations: Float64Array.from(deviations),
    elements: Int32Array.from(elements),
    whole: wanted.length <= MOST_TILES,
  };
}

function contentsIn(tile: TileJson, box: SectionBox, shift: readonly number[]): string[] {
  const bounds = tile.boundingVolume.box;
  for (const axis of [0, 1, 2] as const) {
    const middle = (bounds[axis] as number) + (shift[axis] ?? 0);
    const half = bounds[3 + 4 * axis] as number;
    if (middle + half < box.min[axis] || middle - half > box.max[axis]) return [];
  }
  const below = (tile.children ?? []).flatMap((child) => contentsIn(child, box, shift));
  return tile.content ? [tile.content.uri, ...below] : below;
}
