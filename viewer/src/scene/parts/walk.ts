/** First-person walk: keys, a stick for the thumb, a finger or the mouse to look about, and a floor under one's feet. */
import { effect, untracked } from "@preact/signals";
import * as THREE from "three";
import { BODY, STEP, walked } from "../../core/body";
import { t } from "../../core/i18n";
import { mode } from "../../core/mode";
import { EYES, falls, heightOf, isWalkKey, pushOf, speed, stepOf } from "../../core/walk";
import { cast, near } from "../pointing";
import { HIDDEN } from "../style";
import type { Part } from "../view";

/** Where the floor is looked for about the middle of the body, metres: a joint between two slabs is no hole. */
const SOLES = [[0, 0], [0.15, 0], [-0.15, 0], [0, 0.15], [0, -0.15]] as const; // biome-ignore format: a list of places
/** Doors stand open for whoever walks. */
const OPEN = /^Ifc(Door|Opening|Space)/;

export const walkPart: Part = (view) => {
  const { stage, work } = view;
  const { controls, canvas } = stage;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const down = new Set<string>();
  const stick = { x: 0, y: 0 };
  let leave: (() => void) | null = null;

  function floorBelow(x: number, y: number, z: number): number | null {
    const design = view.design();
    const { scene } = work;
    if (!design || !scene) return null;
    const found = SOLES.map(([dx, dy]) => {
      const ray = { origin: [x + dx, y + dy, z] as const, direction: [0, 0, -1] as const };
      return cast(design, scene, ray, [], (id) => design.style.wayOf(id) !== HIDDEN)?.position[2];
    }).filter((height) => height !== undefined);
    return found.length ? Math.max(...found) : null;
  }

  /** What may be in the way of a step: the triangles of all that is near and shown. */
  function around(x: number, y: number, feet: number, reach: number): Float64Array[] {
    const design = view.design();
    if (!design || !work.scene) return [];
    const low = [x - reach, y - reach, feet];
    const high = [x + reach, y + reach, feet + EYES + 0.5];
    return near(work.scene, low, high)
      .filter((id) => design.style.wayOf(id) !== HIDDEN && !OPEN.test(work.table.rows[id]?.ifcClass ?? ""))
      .map((id) => design.faces(id));
  }

  function begin(): () => void {
    const before = { eye: controls.getPosition(new THREE.Vector3()), target: controls.getTarget(new THREE.Vector3()) };
    const near = stage.perspective.near;
    controls.enabled = false;
    const eye = start({ eye: before.eye, target: stage.regarded() });
    let heading = Math.atan2(-(before.target.x - eye.x), before.target.y - eye.y);
    let tilt = 0;
    let floor = floorBelow(eye.x, eye.y, eye.z - EYES + STEP);
    const apply = () => {
      const ahead = new THREE.Vector3(
        -Math.sin(heading) * Math.cos(tilt),
        Math.cos(heading) * Math.cos(tilt),
        Math.sin(tilt),
      );
      const at = eye.clone().add(ahead);
      void controls.setLookAt(eye.x, eye.y, eye.z, at.x, at.y, at.z, false);
    };
    apply();

    const step = (seconds: number): boolean => {
      const push = pushOf(down, stick);
      const turn = (down.has("ArrowLeft") ? 1 : 0) - (down.has("ArrowRight") ? 1 : 0);
      const moves = push.forward !== 0 || push.right !== 0 || push.up !== 0;
      heading += 1.6 * turn * seconds;
      if (moves) {
        const by = stepOf(push, heading, speed.peek() * seconds * (down.has("ShiftLeft") ? 3 : 1));
        const feet = Math.max(eye.z - EYES, floor ?? eye.z - EYES); // the eyes follow a step a little later
        const reach = Math.hypot(by.x, by.y) + 2 * BODY;
        // who floats goes through everything: so nobody is caught
        const to = falls.peek()
          ? walked(eye, by, feet, around(eye.x, eye.y, feet, reach))
          : { x: eye.x + by.x, y: eye.y + by.y };
        eye.x = to.x;
        eye.y = to.y;
        if (!falls.peek()) eye.z += push.up * speed.peek() * seconds;
        floor = floorBelow(eye.x, eye.y, (falls.peek() ? feet : eye.z - EYES) + STEP + 0.005);
      }
      const height = falls.peek() ? heightOf(eye.z, floor, seconds, calm) : eye.z;
      const sinks = Math.abs(height - eye.z) > 1e-4;
      eye.z = height;
      if (moves || turn || sinks) apply();
      return moves || turn !== 0 || sinks;
    };
    const thumb = joystick(stick, () => stage.invalidate());
    canvas.parentElement?.append(thumb);
    const stop = stage.eachFrame(step);
    const over = new AbortController();
    holdKeys(canvas, down, () => stage.invalidate(), over.signal);
    onDrag(
      canvas,
      (dx, dy) => {
        heading += dx * 0.004;
        tilt = Math.max(-1.3, Math.min(1.3, tilt + dy * 0.004));
        apply();
        stage.invalidate();
      },
      over.signal,
    );
    canvas.focus();
    stage.perspective.near = 0.1;
    return () => {
      stop();
      thumb.remove();
      over.abort();
      down.clear();
      stage.perspective.near = near;
      stage.perspective.updateProjectionMatrix();
      controls.enabled = true;
      const { eye: back, target } = before;
      void controls.setLookAt(back.x, back.y, back.z, target.x, target.y, target.z, false);
      stage.invalidate();
    };
  }

  /** Stand 3 m before what one looks at, on the floor there; where there is none, at the model's lowest height. */
  function start({ eye, target }: { eye: THREE.Vector3; target: THREE.Vector3 }): THREE.Vector3 {
    const back = new THREE.Vector3(eye.x - target.x, eye.y - target.y, 0);
    const place = target.clone().add(back.setLength(Math.min(3, back.length())));
    const box = view.design()?.bounds();
    const floor = floorBelow(place.x, place.y, target.z + 0.5) ?? (box?.min[2] as number | undefined) ?? 0;
    return new THREE.Vector3(place.x, place.y, floor + EYES);
  }

  const stop = effect(() => {
    const going = mode.value === "walk";
    untracked(() => {
      if (going && !leave && view.design()) leave = begin();
      if (!going && leave) {
        leave();
        leave = null;
      }
    });
  });
  return () => {
    stop();
    leave?.();
  };
};

/** Keep in `down` which keys of walking are held; Escape ends the walk. */
function holdKeys(canvas: HTMLCanvasElement, down: Set<string>, told: () => void, signal: AbortSignal): void {
  const press = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "Escape") mode.value = "";
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!isWalkKey(event.code) && event.code !== "ShiftLeft") return;
    // elsewhere arrows belong to the list or the button that has the focus
    if (event.code.startsWith("Arrow") && document.activeElement !== canvas) return;
    down.add(event.code);
    event.preventDefault();
    told();
  };
  addEventListener("keydown", press, { signal });
  addEventListener("keyup", (event: KeyboardEvent) => down.delete(event.code), { signal });
  addEventListener("blur", () => down.clear(), { signal });
}

/** Tell how far a finger or the mouse was dragged over the canvas, in CSS pixels. */
function onDrag(canvas: HTMLCanvasElement, moved: (dx: number, dy: number) => void, signal: AbortSignal): void {
  let from: { x: number; y: number; id: number } | null = null;
  const here = (event: PointerEvent) => ({ x: event.clientX, y: event.clientY, id: event.pointerId });
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      from = here(event);
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      if (from?.id !== event.pointerId) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      from = here(event);
      moved(dx, dy);
    },
    { signal },
  );
  const lift = () => {
    from = null;
  };
  addEventListener("pointerup", lift, { signal });
  addEventListener("pointercancel", lift, { signal });
}

/** Return the pad for a thumb; where it is pushed is written into `stick`, -1 to 1. */
function joystick(stick: { x: number; y: number }, told: () => void): HTMLElement {
  const pad = document.createElement("div");
  pad.className = "joystick";
  pad.setAttribute("role", "img");
  pad.setAttribute("aria-label", t("walkStick"));
  const knob = document.createElement("span");
  pad.append(knob);
  let held: number | null = null;
  const place = (event: PointerEvent) => {
    const box = pad.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map(
      (share) => 2 * share - 1,
    ) as [number, number];
    const size = Math.max(1, Math.hypot(x, y));
    stick.x = x / size;
    stick.y = y / size;
    knob.style.transform = `translate(${(stick.x * 30).toFixed(0)}px, ${(stick.y * 30).toFixed(0)}px)`;
    told();
  };
  const letGo = () => {
    held = null;
    stick.x = 0;
    stick.y = 0;
    knob.style.transform = "";
  };
  pad.addEventListener("pointerdown", (event) => {
    held = event.pointerId;
    pad.setPointerCapture(held);
    place(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (held === event.pointerId) place(event);
  });
  pad.addEventListener("pointerup", letGo);
  pad.addEventListener("pointercancel", letGo);
  return pad;
}
