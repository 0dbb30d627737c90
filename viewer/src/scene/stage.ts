/** The stage: one canvas, one camera, z up as in the design; it draws when something changed and not otherwise. */
import CameraControls from "camera-controls";
import * as THREE from "three";
import { fitBall, fitFlat } from "../core/fit";
import type { Vec } from "../core/space";

CameraControls.install({ THREE });

/** Something that is drawn. */
export interface Layer {
  readonly group: THREE.Object3D;
  /** Called before each picture; true asks for another one soon (something is still loading). */
  update(stage: Stage): boolean;
  /** Give the memory back; the layer is not used again. */
  dispose(): void;
}

export interface Box {
  min: number[];
  max: number[];
}

/** Return a colour that is shown as it is named: the stage converts none. */
export function named(hex: number): THREE.Color {
  return new THREE.Color(hex).convertLinearToSRGB();
}

/** Of a plan: what is said at its foot, and half a pin at its edges, CSS pixels. */
const PLAN = { below: 48, around: 24 };

export type Camera = THREE.PerspectiveCamera | THREE.OrthographicCamera;

export class Stage {
  readonly renderer: THREE.WebGLRenderer;
  /** For looking around. */
  readonly perspective = new THREE.PerspectiveCamera(50, 1, 0.05, 5000);
  /** For plans: what is far is as large as what is near. */
  readonly parallel = new THREE.OrthographicCamera(-10, 10, 10, -10, 0.05, 5000);
  /** The one that looks now. */
  camera: Camera = this.perspective;
  readonly controls: CameraControls;
  readonly scene = new THREE.Scene();
  readonly planes: THREE.Plane[] = [];
  /** Told when the graphics context goes (true) and when it is back (false). */
  onContext: (lost: boolean) => void = () => {};
  /** Draws in place of one plain picture: several beside each other; calls what draws one. */
  painter: ((draw: () => void) => void) | null = null;
  /** Says how many CSS pixels at the top of the picture have something over them. */
  covered: () => number = () => 0;
  /** What was fitted last, and where the camera went for it. */
  private fitted: { box: Box; eye: THREE.Vector3; target: THREE.Vector3 } | null = null;
  /** The same of the plan, with its scale. */
  private framed: { box: Box; target: THREE.Vector3; zoom: number } | null = null;
  private readonly drawn = new Set<() => void>();
  private readonly frames = new Set<(seconds: number) => boolean>();
  private readonly layers: Layer[] = [];
  private readonly observer: ResizeObserver;
  private wanted = true;
  private frame = 0;
  private last = 0;

  /** Throws when the browser has no WebGL 2. */
  constructor(readonly canvas: HTMLCanvasElement) {
    this.renderer = new THREE.WebGLRenderer({
      canvas,
      antialias: true,
      powerPreference: "high-performance",
    });
    this.renderer.setPixelRatio(Math.min(globalThis.devicePixelRatio || 1, 2));
    this.renderer.outputColorSpace = THREE.LinearSRGBColorSpace; // colours have meanings: they are shown as they are named
    this.renderer.localClippingEnabled = true;
    this.camera.up.set(0, 0, 1);
    this.parallel.up.set(0, 0, 1);
    this.camera.position.set(20, -25, 18);
    this.controls = new CameraControls(this.camera, canvas);
    this.controls.updateCameraUp();
    this.controls.smoothTime = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.15;
    this.controls.dollyToCursor = true;
    this.controls.minDistance = 0.2;
    canvas.addEventListener("webglcontextlost", this.lost);
    canvas.addEventListener("webglcontextrestored", this.restored);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas.parentElement ?? canvas);
    this.resize();
    this.frame = requestAnimationFrame(this.tick);
  }

  add(layer: Layer): void {
    this.layers.push(layer);
    this.scene.add(layer.group);
    this.invalidate();
  }

  remove(layer: Layer): void {
    const at = this.layers.indexOf(layer);
    if (at >= 0) this.layers.splice(at, 1);
    this.scene.remove(layer.group);
    layer.dispose();
    this.invalidate();
  }

  /** Be told after each picture; returns how to stop. */
  whenDrawn(told: () => void): () => void {
    this.drawn.add(told);
    return () => this.drawn.delete(told);
  }

  /** Do something before each picture that may be; true asks for one. Returns how to stop. */
  eachFrame(step: (seconds: number) => boolean): () => void {
    this.frames.add(step);
    return () => this.frames.delete(step);
  }

  /** Ask for a new picture. */
  invalidate(): void {
    this.wanted = true;
  }

  /** Show a box (metres, scene's frame) in what is free, from where the camera looks now or the south-west above. */
  async fit(box: Box, animate = true): Promise<void> {
    if (this.camera === this.parallel) return this.frame2d(box, animate);
    const bounds = new THREE.Box3(new THREE.Vector3(...box.min), new THREE.Vector3(...box.max));
    const sphere = bounds.getBoundingSphere(new THREE.Sphere());
    sphere.radius = Math.max(sphere.radius, 0.5);
    this.camera.far = Math.max(500, sphere.radius * 40);
    this.camera.updateProjectionMatrix();
    const done = this.stand(sphere, animate);
    this.fitted = { box, ...this.aims() };
    await done;
  }

  /** Bring a box into sight: a plan keeps its scale, and where it is if the box is seen already. */
  async bring(box: Box): Promise<void> {
    if (this.camera === this.perspective) return this.fit(box);
    const middle = box.min.map((low, k) => (low + (box.max[k] as number)) / 2) as [number, number, number];
    const seen = new THREE.Vector3(...middle).project(this.parallel);
    const top = 1 - (2 * this.covered()) / Math.max(1, this.canvas.clientHeight);
    if (Math.abs(seen.x) < 0.95 && seen.y > -0.9 && seen.y < top) return;
    const { z } = this.controls.getTarget(new THREE.Vector3(), true);
    await this.controls.moveTo(middle[0], middle[1], z, true);
  }

  private async frame2d(box: Box, animate: boolean): Promise<void> {
    const [min, max] = [new THREE.Vector3(...box.min), new THREE.Vector3(...box.max)];
    const { clientWidth, clientHeight } = this.canvas.parentElement ?? this.canvas;
    const frame = { width: Math.max(clientWidth, 1), height: Math.max(clientHeight, 1), covered: this.covered() };
    const { high, lift } = fitFlat([max.x - min.x, max.y - min.y], frame, PLAN);
    const { z } = this.controls.getTarget(new THREE.Vector3(), true);
    const zoom = (this.parallel.top - this.parallel.bottom) / high;
    const target = new THREE.Vector3((min.x + max.x) / 2, (min.y + max.y) / 2 + lift, z);
    this.framed = { box, target, zoom };
    await Promise.all([
      this.controls.rotateTo(0, 0, animate),
      this.controls.moveTo(target.x, target.y, z, animate),
      this.controls.zoomTo(zoom, animate),
      animate || this.controls.update(0), // or the camera would have the scale from before until the next picture
    ]);
  }

  /** Fit again what was fitted, unless somebody has looked elsewhere since. */
  refit(): void {
    if (this.camera === this.parallel) {
      if (!this.framed) return;
      const { box, target, zoom } = this.framed;
      const isThere = this.aims().target.distanceTo(target) < 1e-6 * (1 + target.length());
      if (isThere && Math.abs(this.parallel.zoom / zoom - 1) < 1e-6) void this.frame2d(box, false);
      return;
    }
    if (!this.fitted) return;
    const { eye, target } = this.aims();
    const moved = eye.distanceTo(this.fitted.eye) + target.distanceTo(this.fitted.target);
    if (moved < 1e-6 * (1 + eye.length())) void this.fit(this.fitted.box, false);
  }

  private stand(sphere: THREE.Sphere, animate: boolean): Promise<unknown> {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement ?? this.canvas;
    const field = THREE.MathUtils.degToRad(this.perspective.fov);
    const frame = { width: Math.max(width, 1), height: Math.max(height, 1), covered: this.covered(), field };
    const { distance, lift } = fitBall(sphere.radius, frame, this.controls.polarAngle);
    const { x, y, z } = sphere.center;
    return Promise.all([this.controls.moveTo(x, y, z + lift, animate), this.controls.dollyTo(distance, animate)]);
  }

  private aims(): { eye: THREE.Vector3; target: THREE.Vector3 } {
    const { controls } = this;
    return {
      eye: controls.getPosition(new THREE.Vector3(), true),
      target: controls.getTarget(new THREE.Vector3(), true),
    };
  }

  /** Return the middle of what was fitted, where it is still what the camera turns about; else what that is. */
  regarded(): THREE.Vector3 {
    const target = this.controls.getTarget(new THREE.Vector3(), true);
    if (!this.fitted || this.fitted.target.distanceTo(target) > 1e-6 * (1 + target.length())) return target;
    const { min, max } = this.fitted.box;
    return new THREE.Vector3(...min).add(new THREE.Vector3(...max)).multiplyScalar(0.5);
  }

  /** Return where the camera is, or will be once it has arrived. */
  eye(): Vec {
    return this.controls.getPosition(new THREE.Vector3(), true).toArray();
  }

  /** Go to a place (scene's frame) and look at another. */
  goTo({ eye, target }: { eye: Vec; target: Vec }): void {
    this.look(this.perspective);
    void this.controls.setLookAt(...eye, ...target, this.controls.smoothTime > 0);
    this.invalidate();
  }

  /** Return the picture as it is now: base64 of a PNG. */
  picture(): string {
    this.paint(); // the browser keeps a drawing no longer than its task
    return this.canvas.toDataURL("image/png").split(",")[1] ?? "";
  }

  /** Look from above or from a corner; angles in radians. */
  turn(azimuth: number, polar: number): void {
    void this.controls.rotateTo(azimuth, polar, true);
  }

  /** Look by the camera for plans, or by the one for looking around. */
  look(camera: Camera): void {
    if (camera === this.camera) return;
    this.camera = camera;
    this.controls.camera = camera;
    this.framed = null;
    void this.controls.zoomTo(1, false); // it is the controls', not the camera's
    this.resize();
  }

  colour(background: string): void {
    this.scene.background = new THREE.Color(background).convertLinearToSRGB();
    this.invalidate();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.canvas.removeEventListener("webglcontextlost", this.lost);
    this.canvas.removeEventListener("webglcontextrestored", this.restored);
    for (const layer of [...this.layers]) this.remove(layer);
    this.controls.dispose();
    this.renderer.dispose();
  }

  private readonly tick = (now: number): void => {
    this.frame = requestAnimationFrame(this.tick);
    const seconds = Math.min((now - this.last) / 1000, 0.1);
    this.last = now;
    for (const step of this.frames) if (step(seconds)) this.wanted = true;
    if (this.controls.update(seconds)) this.wanted = true;
    let loading = false;
    for (const layer of this.layers) if (layer.group.visible && layer.update(this)) loading = true;
    if (!this.wanted) {
      if (!loading) return;
    }
    this.wanted = false;
    this.paint();
    for (const told of this.drawn) told();
  };

  private paint(): void {
    const draw = () => this.renderer.render(this.scene, this.camera);
    if (this.painter) this.painter(draw);
    else draw();
  }

  private resize(): void {
    const around = this.canvas.parentElement ?? this.canvas;
    const [width, height] = [Math.max(1, around.clientWidth), Math.max(1, around.clientHeight)];
    this.renderer.setSize(width, height, false);
    this.perspective.aspect = width / height;
    this.perspective.updateProjectionMatrix();
    const half = this.parallel.top; // the height stays, the width follows
    this.parallel.left = (-half * width) / height;
    this.parallel.right = (half * width) / height;
    this.parallel.updateProjectionMatrix();
    this.refit();
    this.invalidate();
  }

  private readonly lost = (event: Event): void => {
    event.preventDefault();
    this.onContext(true);
  };

  private readonly restored = (): void => {
    this.onContext(false);
    this.invalidate();
  };
}
