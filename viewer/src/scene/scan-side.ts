/** Registering by hand, on the scan's side: a stage of its own in the scan's frame. */
import { effect } from "@preact/signals";
import { type Feature, featureAt } from "../core/corner";
import { colouring, place, type Snap } from "../core/pairs";
import { add, sub, type Vec } from "../core/space";
import { ScanLayer } from "../layers/scan";
import { aim } from "./aim";
import { type HandStage, handStage } from "./hand-stage";
import { pixelAt, pointAt } from "./pointing";
import { Stage } from "./stage";

const AROUND = 0.3;

export interface ScanSide {
  readonly stage: Stage;
  /** What would be picked at a place of the canvas, metres as in the file. */
  pick(x: number, y: number, touch?: boolean): { at: Vec; snap: Snap } | null;
  busy(): boolean;
  colour(background: string): void;
  fit(): void;
  end(): void;
}

export interface Told {
  ready(): void;
  failed(): void;
}

/** Begin on a canvas; throws when the browser has no WebGL 2. */
export function scanSide(canvas: HTMLCanvasElement, url: string, told: Told): ScanSide {
  const stage = new Stage(canvas);
  const layer = new ScanLayer(url, stage.planes);
  const ends: (() => void)[] = [];
  let here: HandStage | null = null;
  let origin: Vec = [0, 0, 0];
  let whole = { min: [-5, -5, -5], max: [5, 5, 5] };
  const feature = (x: number, y: number, touch: boolean): Feature | null => {
    const hit = pointAt({ stage, design: null, cloud: layer, scene: null }, x, y, {
      kinds: ["scan"],
      radius: touch ? 22 : 12,
    });
    if (!hit) return null;
    const reach = Math.min(0.25, Math.max(0.05, 22 * pixelAt(stage, hit.position)));
    return featureAt(hit.position, layer.around(hit.position, AROUND), reach);
  };
  const pick: ScanSide["pick"] = (x, y, touch = false) => {
    const found = feature(x, y, touch);
    return found && { at: add(found.position, origin), snap: found.kind };
  };
  layer.onFailed = told.failed;
  layer.onReady = ({ origin_m, stations }, box) => {
    origin = origin_m;
    whole = { min: box.min.toArray(), max: box.max.toArray() };
    const marks = stations.map((one) => ({
      name: one.name,
      at: sub(one.position_m, origin_m),
      look: "station" as const,
    }));
    here = handStage(stage, "scan", origin_m, marks);
    void stage.fit(whole, false);
    told.ready();
  };
  stage.add(layer);
  ends.push(effect(() => layer.colour(colouring.value)));
  ends.push(
    aim(stage, {
      preview: (x, y, touch) => here?.aimAt(feature(x, y, touch)?.position ?? null),
      gone: () => here?.aimAt(null),
      take: (x, y, touch) => {
        const found = pick(x, y, touch);
        if (found) place("scan", found);
      },
    }),
  );
  return {
    stage,
    pick,
    busy: () => layer.busy,
    colour: (background) => stage.colour(background),
    fit: () => void stage.fit(whole),
    end: () => {
      for (const end of ends) end();
      here?.end();
      stage.dispose();
    },
  };
}
