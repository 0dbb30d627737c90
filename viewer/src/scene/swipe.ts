/** Two looks over one camera: left of the handle the one, right of it the other, each with the points of its own scan. */
import { effect } from "@preact/signals";
import { ROOT } from "../core/client";
import { swipe, swipeAt, swiped, swipeMissing } from "../core/compare";
import { language, t } from "../core/i18n";
import { ramp, shows } from "../core/state";
import { DeviationLayer } from "../layers/deviation";
import type { View } from "./view";

export function swipePart(view: View): () => void {
  const { stage, work } = view;
  const handle = new Handle(stage.canvas.parentElement ?? document.body);
  const clouds = new Map<string, DeviationLayer>();
  const cloudOf = (check: string) => (check === work.check?.id ? view.cloud() : (clouds.get(check) ?? null));

  function side(check: string): void {
    for (const cloud of [view.cloud(), ...clouds.values()]) if (cloud) cloud.group.visible = false;
    const mine = cloudOf(check);
    if (mine && shows.peek().scan) mine.group.visible = true;
  }

  stage.painter = (draw) => {
    const shown = swipe.peek();
    const style = view.design()?.style;
    if (!shown || !style) return draw();
    const { renderer, canvas } = stage;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const at = Math.round(swipeAt.peek() * width);
    renderer.setScissorTest(true);
    if (at > 0) {
      renderer.setScissor(0, 0, at, height);
      side(shown.leftCheck);
      style.look("own");
      draw();
    }
    if (at < width) {
      renderer.setScissor(at, 0, width - at, height);
      side(shown.rightCheck);
      style.look("beside");
      draw();
      style.look("own");
    }
    renderer.setScissorTest(false);
    // what is not visible does not load either
    for (const cloud of [view.cloud(), ...clouds.values()]) if (cloud) cloud.group.visible = shows.peek().scan;
  };

  const ends = [
    effect(() => {
      const shown = swipe.value;
      const { rangeMm, toleranceMm } = ramp.value;
      if (shown && shows.value.scan) {
        for (const [check, name] of [
          [shown.leftCheck, shown.leftName],
          [shown.rightCheck, shown.rightName],
        ] as const) {
          if (check === work.check?.id || clouds.has(check)) continue;
          const address = `${ROOT}/projects/${work.project.id}/checks/${check}/scene/tileset.json`;
          const cloud = new DeviationLayer(address, work.scene?.origin_m ?? [0, 0, 0], stage.planes);
          cloud.onFailed = () => {
            swipeMissing.value = name;
          };
          clouds.set(check, cloud);
          stage.add(cloud);
        }
      }
      for (const cloud of clouds.values()) cloud.set(rangeMm, toleranceMm);
      stage.invalidate();
    }),
    effect(() => {
      void language.value;
      if (swipe.value) handle.show(swipe.value.leftName, swipe.value.rightName, swipeAt.value);
      stage.invalidate();
    }),
  ];
  return () => {
    for (const end of ends) end();
    stage.painter = null;
    for (const cloud of clouds.values()) stage.remove(cloud);
    const own = view.cloud();
    if (own) own.group.visible = shows.peek().scan;
    handle.dispose();
    stage.invalidate();
  };
}

/** The line between the two looks: dragged, or moved by keys. */
class Handle {
  private readonly root = document.createElement("div");
  private readonly grip = document.createElement("div");
  private readonly names: [HTMLElement, HTMLElement];

  constructor(private readonly host: HTMLElement) {
    this.root.className = "swipe";
    this.names = [plate("left"), plate("right")];
    this.grip.className = "swipe-grip";
    this.grip.tabIndex = 0;
    this.grip.setAttribute("role", "slider");
    this.grip.setAttribute("aria-orientation", "horizontal");
    this.grip.setAttribute("aria-valuemin", "0");
    this.grip.setAttribute("aria-valuemax", "100");
    const knob = document.createElement("span");
    knob.className = "swipe-knob";
    knob.textContent = "⇔";
    knob.setAttribute("aria-hidden", "true");
    this.grip.append(knob);
    this.root.append(...this.names, this.grip);
    host.append(this.root);
    this.grip.addEventListener("keydown", (event) => {
      const next = swiped(swipeAt.peek(), event.key);
      if (next === null) return;
      event.preventDefault();
      event.stopPropagation();
      swipeAt.value = next;
    });
    this.grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.grip.focus();
      this.grip.setPointerCapture(event.pointerId);
    });
    this.grip.addEventListener("pointermove", (event) => {
      if (!this.grip.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.host.getBoundingClientRect();
      swipeAt.value = Math.min(1, Math.max(0, (event.clientX - left) / Math.max(1, width)));
    });
  }

  show(left: string, right: string, at: number): void {
    const percent = Math.round(100 * at);
    this.grip.style.left = `${100 * at}%`;
    this.grip.setAttribute("aria-label", t("swipeHandle"));
    this.grip.setAttribute("aria-valuenow", String(percent));
    this.grip.setAttribute("aria-valuetext", t("swipeShare", { percent, left, rest: 100 - percent, right }));
    this.names[0].textContent = wholeDates(left);
    this.names[1].textContent = wholeDates(right);
    // a name stands over its own half only
    this.names[0].style.maxWidth = `calc(${100 * at}% - 2rem)`;
    this.names[1].style.maxWidth = `calc(${100 - 100 * at}% - 5.4rem)`;
    this.names[0].hidden = at < 0.12;
    this.names[1].hidden = at > 0.7 && this.host.clientWidth * (1 - at) < 140;
  }

  dispose(): void {
    this.root.remove();
  }
}

function plate(side: "left" | "right"): HTMLElement {
  const node = document.createElement("span");
  node.className = `swipe-name on-${side}`;
  return node;
}

/** A line breaks beside a date, not within it. */
const wholeDates = (text: string): string => text.replace(/(\d)-(?=\d)/g, "$1\u2011");
