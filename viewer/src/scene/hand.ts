/** Registering by hand, on the model's side: corners are picked, and the scan is laid over as a pose says. */
import { effect } from "@preact/signals";
import * as THREE from "three";
import { ROOT } from "../core/client";
import { place, pose, type Snap, shownPose } from "../core/pairs";
import { between, type Pose } from "../core/rigid";
import { sight } from "../core/sight";
import { add, type Vec } from "../core/space";
import { ScanLayer } from "../layers/scan";
import { aim } from "./aim";
import { handStage } from "./hand-stage";
import type { Hit } from "./pointing";
import type { View } from "./view";

const SNAPS: Record<Hit["snap"], Snap> = { vertex: "corner", edge: "edge", face: "face", cut: "face", point: "point" };
const OVER = "#ff8a3d";

/** Begin on the view of the model. */
export function handPart(view: View): () => void {
  const { stage, work } = view;
  const origin = (work.scene?.origin_m ?? [0, 0, 0]) as Vec;
  const here = handStage(stage, "design", origin);
  const picked = (x: number, y: number, touch: boolean) =>
    view.point(x, y, { kinds: ["model"], radius: touch ? 22 : 14, ghosts: true });
  const ends = [
    view.onTap(() => true), // taps are picks here
    aim(stage, {
      preview: (x, y, touch) => here.aimAt(picked(x, y, touch)?.position ?? null),
      gone: () => here.aimAt(null),
      take: (x, y, touch) => {
        const hit = picked(x, y, touch);
        if (hit) place("design", { at: add(hit.position, origin), snap: SNAPS[hit.snap] });
      },
    }),
    overlay(view, origin),
    () => here.end(),
  ];
  if (!sight.peek()) {
    const { controls } = stage;
    const [eye, target] = [controls.getPosition(new THREE.Vector3()), controls.getTarget(new THREE.Vector3())];
    sight.value = { by: "design", eye: add(eye.toArray(), origin), target: add(target.toArray(), origin) };
  }
  return () => {
    for (const end of ends) end();
  };
}

/** Lay the scan over the model while a pose is shown. */
function overlay({ stage, work }: View, origin: Vec): () => void {
  let layer: ScanLayer | null = null;
  let from: Vec | null = null;
  const put = (T: Pose | null) => {
    if (layer && from && T) layer.put(matrixOf(between(T, from, origin)));
    // what is not visible does not load either
    if (layer) layer.group.visible = T !== null && shownPose.peek() !== "";
    stage.invalidate();
  };
  const end = effect(() => {
    const [shown, T] = [shownPose.value, pose.value];
    if (shown !== "" && !layer && work.scan) {
      layer = new ScanLayer(
        `${ROOT}/projects/${work.project.id}/scans/${work.scan.id}/scene/tileset.json`,
        stage.planes,
        OVER,
      );
      layer.onReady = (told) => {
        from = told.origin_m;
        put(pose.peek());
      };
      stage.add(layer);
    }
    put(T);
  });
  return () => {
    end();
    if (layer) stage.remove(layer);
  };
}

function matrixOf({ rows: [a, b, c], shift }: Pose): THREE.Matrix4 {
  return new THREE.Matrix4().set(...a, shift[0], ...b, shift[1], ...c, shift[2], 0, 0, 0, 1);
}
