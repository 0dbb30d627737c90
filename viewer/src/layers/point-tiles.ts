/** Points that are streamed as 3D Tiles and all drawn by one material. */
import { TilesRenderer } from "3d-tiles-renderer";
import { GLTFExtensionsPlugin } from "3d-tiles-renderer/plugins";
import * as THREE from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { fetched } from "../core/source";
import type { Layer, Stage } from "../scene/stage";

/** How wide a point is drawn, in the picture's own dots. */
export const pointSize = () => 2.5 * Math.min(globalThis.devicePixelRatio || 1, 2);

/** What the renderer counts and knows but does not declare. */
interface Undeclared<Told> {
  stats: { queued: number; downloading: number; parsing: number };
  rootTileset?: { extras?: Told };
}

/** `Told` is what the extras of `tileset.json` say. */
export abstract class PointTiles<Told> implements Layer {
  readonly group = new THREE.Group();
  /** Told when a tile does not come; the others stay. */
  onFailed: () => void = () => {};
  protected readonly tiles: TilesRenderer;
  private changed = true;
  private ready = false;

  /** `memory`: how many bytes of tiles are kept, and down to how many they are dropped. */
  constructor(
    url: string,
    protected readonly material: THREE.ShaderMaterial,
    errorTarget: number,
    memory: readonly [most: number, least: number],
  ) {
    this.tiles = new TilesRenderer(url);
    this.tiles.registerPlugin({ fetchData: (asked: string, how: RequestInit) => fetched(asked, how) });
    this.tiles.registerPlugin(new GLTFExtensionsPlugin({ meshoptDecoder: MeshoptDecoder }));
    this.tiles.errorTarget = errorTarget;
    [this.tiles.lruCache.maxBytesSize, this.tiles.lruCache.minBytesSize] = memory;
    this.group.add(this.tiles.group);
    this.tiles.addEventListener("load-root-tileset", () => {
      this.ready = true;
      this.mark();
      this.begin(this.inner.rootTileset?.extras);
    });
    this.tiles.addEventListener("load-model", ({ scene }: { scene: THREE.Object3D }) => this.dress(scene));
    this.tiles.addEventListener("needs-update", () => this.mark());
    this.tiles.addEventListener("load-error", () => this.onFailed());
  }

  /** Called once, when the list of tiles is there. */
  protected abstract begin(told: Told | undefined): void;

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

  /** True while tiles that are wanted are on their way. */
  get busy(): boolean {
    const { queued, downloading, parsing } = this.inner.stats;
    return !this.ready || queued + downloading + parsing > 0;
  }

  update(stage: Stage): boolean {
    this.tiles.setCamera(stage.camera);
    this.tiles.setResolutionFromRenderer(stage.camera, stage.renderer);
    stage.camera.updateMatrixWorld();
    this.tiles.update();
    const again = this.changed;
    this.changed = false;
    return again || this.busy;
  }

  dispose(): void {
    this.tiles.dispose();
    this.material.dispose();
  }

  protected mark(): void {
    this.changed = true;
  }

  private get inner(): Undeclared<Told> {
    return this.tiles as unknown as Undeclared<Told>;
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
}
