/** Tells where the camera is and takes it elsewhere, for links, saved views and topics. */
import { effect } from "@preact/signals";
import type { Vec } from "../../core/space";
import { cameraWanted, standpoint } from "../../core/view-state";
import type { Part } from "../view";

export const standpointPart: Part = ({ stage, design }) => {
  const vector = ({ x, y, z }: { x: number; y: number; z: number }): Vec => [x, y, z];
  const place = stage.camera.position.clone();
  standpoint.value = {
    pose: () => ({
      eye: vector(stage.controls.getPosition(place.clone())),
      target: vector(stage.controls.getTarget(place.clone())),
    }),
    lens: () => ({ field: stage.perspective.fov, aspect: stage.perspective.aspect }),
    middle: () => {
      const { min, max } = design()?.bounds() ?? { min: [0, 0, 0], max: [0, 0, 0] };
      return [0, 1, 2].map((axis) => ((min[axis] ?? 0) + (max[axis] ?? 0)) / 2) as unknown as Vec;
    },
    picture: () => stage.picture(),
  };
  const end = effect(() => {
    const wanted = cameraWanted.value;
    if (wanted) stage.goTo(wanted);
  });
  const moved = () => {
    cameraWanted.value = null;
  };
  stage.controls.addEventListener("controlstart", moved);
  return () => {
    stage.controls.removeEventListener("controlstart", moved);
    end();
    standpoint.value = null;
  };
};
