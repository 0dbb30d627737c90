/** The designed model: a few batched meshes, coloured by feature id. */
import * as THREE from "three";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { bytesOf, fetched } from "../core/source";
import type { Layer } from "../scene/stage";
import { ElementStyle, type Materials, materialsOf } from "../scene/style";
import { Caps } from "./caps";
import { FaceIndex, isPart } from "./faces";

/** `model.json` and `edges.json` of a model's scene. */
export interface SceneIndex {
  schema: string;
  origin_m: [number, number, number];
  count: number;
  storeys: { name: string; elevation_m: number }[];
  parts: {
    uri: string;
    storey: string | null;
    elements: number;
    triangles: number;
    bytes: number;
    box_m?: number[];
  }[];
}

export class DesignLayer implements Layer {
  readonly group = new THREE.Group();
  readonly style: ElementStyle;
  private readonly hatching: THREE.IUniform<number> = { value: 1 };
  private readonly edges = new THREE.Group();
  private readonly faceIndex = new FaceIndex();
  private readonly caps: Caps;
  private readonly held = new Map<string, { storey: string | null; scene: THREE.Group }>();
  private readonly materials: Materials;
  private readonly loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);

  constructor(
    readonly index: SceneIndex,
    private readonly planes: THREE.Plane[],
  ) {
    this.style = new ElementStyle(index.count);
    this.materials = materialsOf(this.style);
    for (const one of Object.values(this.materials)) one.clippingPlanes = planes;
    this.group.rotation.x = Math.PI / 2; // glTF has y up; the stage, as the design, z
    this.group.add(this.edges);
    this.caps = new Caps(this.style, this.hatching);
    this.caps.group.rotation.x = -this.group.rotation.x; // they are made where the stage has them
    this.group.add(this.caps.group);
  }

  /** Load the parts of wanted storeys, the one with the most elements first; what fails is told and the rest goes on. */
  async load(
    base: string,
    told: (part: number, of: number) => void,
    failed: (uri: string) => void,
    wants: (storey: string | null) => boolean = () => true,
  ): Promise<void> {
    const missing = this.index.parts.filter((part) => wants(part.storey) && !this.held.has(part.uri));
    const parts = missing.sort((one, other) => other.elements - one.elements);
    let done = 0;
    for (const part of parts) {
      try {
        this.keep(part, await this.part(base + part.uri), this.group);
      } catch {
        failed(part.uri);
      }
      done += 1;
      told(done, parts.length);
    }
  }

  /** Load the edges that a drawing would show. */
  async loadEdges(base: string, wants: (storey: string | null) => boolean = () => true): Promise<void> {
    const answer = await fetched(`${base}edges.json`);
    if (!answer.ok) return;
    const index: SceneIndex = await answer.json();
    for (const part of index.parts) {
      if (!wants(part.storey) || this.held.has(part.uri)) continue;
      this.keep(part, await this.part(base + part.uri), this.edges);
    }
  }

  /** Give back the memory of storeys that are not wanted. */
  drop(wants: (storey: string | null) => boolean): void {
    for (const [uri, { storey, scene }] of this.held) {
      if (wants(storey)) continue;
      scene.removeFromParent();
      scene.traverse((node) => {
        if (node instanceof THREE.Mesh || node instanceof THREE.LineSegments) node.geometry.dispose();
      });
      this.held.delete(uri);
    }
  }

  /** Return the triangles of an element, nine numbers each, metres in the scene's frame. */
  faces(id: number): Float64Array {
    this.faceIndex.follow(this.group);
    return this.faceIndex.of(id);
  }

  showEdges(shown: boolean): void {
    this.edges.visible = shown;
  }

  lineColour(colour: string): void {
    (this.materials.lines.uniforms["uLine"] as THREE.IUniform<THREE.Color>).value.set(colour).convertLinearToSRGB();
  }

  /** Hatch what is cut: the width of the lines in pixels of the screen, 0 for none. */
  hatch(width: number): void {
    this.hatching.value = width;
  }

  /** Return the box of all parts, metres in the scene's frame. */
  bounds(): { min: number[]; max: number[] } {
    const boxes = this.index.parts.map((part) => part.box_m).filter((box) => box !== undefined);
    const side = (from: number, pick: (...values: number[]) => number) =>
      [0, 1, 2].map((axis) => pick(...boxes.map((box) => box[from + axis] as number)));
    return boxes.length ? { min: side(0, Math.min), max: side(3, Math.max) } : { min: [-1, -1, -1], max: [1, 1, 1] };
  }

  /** Let everything be drawn as numbers; call what comes back to undo it. */
  drawNumbers(): () => void {
    const kept = new Map<THREE.Mesh, THREE.Material | THREE.Material[]>();
    this.group.traverse((node) => {
      if (node instanceof THREE.Mesh) {
        kept.set(node, node.material);
        node.material = (node.userData["numbers"] as THREE.Material | undefined) ?? this.materials.numbers;
      }
    });
    const edges = this.edges.visible;
    this.edges.visible = false;
    return () => {
      for (const [mesh, material] of kept) mesh.material = material;
      this.edges.visible = edges;
    };
  }

  update(): boolean {
    const parts = () => {
      const found: THREE.Mesh[] = [];
      this.group.traverse((node) => isPart(node) && found.push(node));
      return found;
    };
    return this.caps.follow(this.planes, parts, [...this.held.keys()].join());
  }

  dispose(): void {
    this.caps.dispose();
    this.group.traverse((node) => {
      if (node instanceof THREE.Mesh || node instanceof THREE.LineSegments) node.geometry.dispose();
    });
    for (const one of Object.values(this.materials)) one.dispose();
    this.style.dispose();
  }

  private async part(url: string): Promise<THREE.Group> {
    return (await this.loader.parseAsync(await bytesOf(url), "")).scene;
  }

  private keep({ uri, storey }: { uri: string; storey: string | null }, scene: THREE.Group, into: THREE.Group): void {
    const overs: THREE.LineSegments[] = [];
    scene.traverse((node) => {
      if (node instanceof THREE.Mesh) {
        const clear = (node.material as THREE.Material).name === "clear";
        (node.material as THREE.Material).dispose();
        node.material = clear ? this.materials.clear : this.materials.opaque;
      } else if (node instanceof THREE.LineSegments) {
        (node.material as THREE.Material).dispose();
        node.material = this.materials.lines;
        overs.push(node);
      }
    });
    for (const lines of overs) {
      const over = new THREE.LineSegments(lines.geometry, this.materials.over);
      over.renderOrder = 1;
      lines.add(over);
    }
    into.add(scene);
    this.held.set(uri, { storey, scene });
  }
}
