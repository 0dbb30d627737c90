/** What both stages of registering by hand do: show the pairs, follow the other's camera, go where one is told to. */
import { effect } from "@preact/signals";
import * as THREE from "three";
import { fit, level, type Pair, pairs, pose, regarded, type Side, shownPose, together } from "../core/pairs";
import { apply, inverted } from "../core/rigid";
import { sight } from "../core/sight";
import { add, sub, type Vec } from "../core/space";
import { type Mark, Markers } from "./markers";
import type { Stage } from "./stage";

const CLOSE = 1.2;

export interface HandStage {
  /** Show where a finger aims. */
  aimAt(place: Vec | null): void;
  end(): void;
}

/** Begin on a stage; `origin` is what its coordinates are relative to. */
export function handStage(stage: Stage, side: Side, origin: Vec, stations: readonly Mark[] = []): HandStage {
  const markers = new Markers(stage);
  stage.add(markers);
  let aimed: Mark | null = null;
  const draw = () => {
    const told = fit.value;
    const whole = pairs.value.filter((pair) => pair.design && pair.scan);
    const marks = pairs.value.flatMap((pair): Mark[] => {
      const here = pair[side];
      if (!here) return [];
      const at = whole.indexOf(pair);
      const wrong = typeof told !== "string" && told.outlier[at];
      return [{ name: pair.name, at: sub(here.at, origin), look: at < 0 ? "half" : wrong ? "outlier" : "pair" }];
    });
    markers.show([...stations, ...marks, ...(aimed ? [aimed] : [])]);
    stage.invalidate();
  };
  const ends = [effect(draw), ...cameras(stage, side, origin)];
  ends.push(
    effect(() => {
      const place = pairs.peek().find((pair: Pair) => pair.name === regarded.value)?.[side];
      if (!place) return;
      const at = sub(place.at, origin);
      const box = { min: at.map((v) => v - CLOSE), max: at.map((v) => v + CLOSE) };
      void stage.fit(box, !matchMedia("(prefers-reduced-motion: reduce)").matches);
    }),
  );
  return {
    aimAt: (place) => {
      aimed = place ? { name: "", at: place, look: "aim" } : null;
      draw();
    },
    end: () => {
      for (const end of ends) end();
      stage.remove(markers);
    },
  };
}

/** Tell where a person looks, and follow where the other view does. */
function cameras(stage: Stage, side: Side, origin: Vec): (() => void)[] {
  const { controls } = stage;
  let mine = false;
  const began = () => {
    mine = true;
  };
  const moved = () => {
    if (mine) tell();
  };
  const tell = () => {
    const [eye, target] = [controls.getPosition(new THREE.Vector3()), controls.getTarget(new THREE.Vector3())];
    sight.value = { by: side, eye: add(eye.toArray(), origin), target: add(target.toArray(), origin) };
  };
  controls.addEventListener("controlstart", began);
  controls.addEventListener("update", moved);
  return [
    () => {
      controls.removeEventListener("controlstart", began);
      controls.removeEventListener("update", moved);
    },
    effect(() => {
      const [seen, T] = [sight.value, pose.value];
      void shownPose.value;
      void level.value;
      if (!seen || seen.by === side || !together.value || !T) return;
      mine = false;
      const through = side === "design" ? T : inverted(T);
      const [eye, target] = [sub(apply(through, seen.eye), origin), sub(apply(through, seen.target), origin)];
      void controls.setLookAt(...eye, ...target, false);
      stage.invalidate();
    }),
  ];
}
