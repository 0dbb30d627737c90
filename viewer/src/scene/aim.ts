/** Picking a place: a click, a tap, or a finger held down, which gets a loupe and then moves the aim instead of the view. */
import type { Stage } from "./stage";

const HELD_MS = 280;
const STILL = 8;
const SIZE = 132;
const ZOOM = 3;

export interface Aimed {
  /** Show what would be picked; null takes it away. */
  preview(x: number, y: number, touch: boolean): void;
  take(x: number, y: number, touch: boolean): void;
  gone(): void;
}

/** Let places be picked on a stage; returns how to stop. */
export function aim(stage: Stage, aimed: Aimed): () => void {
  const { canvas } = stage;
  const loupe = new Loupe(stage);
  let down: { x: number; y: number; id: number } | null = null;
  let timer = 0;
  let aiming = false;
  const stop = () => {
    clearTimeout(timer);
    if (aiming) {
      stage.controls.enabled = true;
      loupe.hide();
      aimed.gone();
    }
    aiming = false;
    down = null;
  };
  const press = (event: PointerEvent) => {
    if (!event.isPrimary) {
      stop(); // two fingers turn and zoom
      return;
    }
    down = { x: event.offsetX, y: event.offsetY, id: event.pointerId };
    if (event.pointerType !== "touch") return;
    const { x, y } = down;
    timer = window.setTimeout(() => {
      aiming = true;
      stage.controls.enabled = false;
      loupe.show(x, y);
      aimed.preview(x, y, true);
    }, HELD_MS);
  };
  const move = (event: PointerEvent) => {
    if (!down || event.pointerId !== down.id) return;
    if (aiming) {
      loupe.show(event.offsetX, event.offsetY);
      aimed.preview(event.offsetX, event.offsetY, true);
    } else if (Math.hypot(event.offsetX - down.x, event.offsetY - down.y) > STILL) {
      clearTimeout(timer);
    }
  };
  const release = (event: PointerEvent) => {
    if (!down || event.pointerId !== down.id) return;
    const still = Math.hypot(event.offsetX - down.x, event.offsetY - down.y) <= 6;
    const wanted = aiming || (still && event.button === 0);
    stop();
    if (wanted) aimed.take(event.offsetX, event.offsetY, event.pointerType === "touch");
  };
  canvas.addEventListener("pointerdown", press);
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", stop);
  return () => {
    stop();
    loupe.dispose();
    canvas.removeEventListener("pointerdown", press);
    canvas.removeEventListener("pointermove", move);
    canvas.removeEventListener("pointerup", release);
    canvas.removeEventListener("pointercancel", stop);
  };
}

/** What is under the finger, larger and beside it. */
class Loupe {
  private readonly glass = document.createElement("canvas");
  private readonly leave: () => void;
  private at: { x: number; y: number } | null = null;

  constructor(private readonly stage: Stage) {
    this.glass.className = "loupe";
    this.glass.width = SIZE;
    this.glass.height = SIZE;
    this.glass.hidden = true;
    this.glass.setAttribute("aria-hidden", "true");
    stage.canvas.parentElement?.append(this.glass);
    // right after a picture: later there is nothing to copy any more
    this.leave = stage.whenDrawn(() => this.draw());
  }

  show(x: number, y: number): void {
    this.at = { x, y };
    const above = y > SIZE + 40;
    const left = Math.min(Math.max(x - SIZE / 2, 4), this.stage.canvas.clientWidth - SIZE - 4);
    this.glass.style.transform = `translate(${left}px, ${above ? y - SIZE - 36 : y + 48}px)`;
    this.glass.hidden = false;
    this.stage.invalidate();
  }

  hide(): void {
    this.at = null;
    this.glass.hidden = true;
  }

  dispose(): void {
    this.leave();
    this.glass.remove();
  }

  private draw(): void {
    const pen = this.at ? this.glass.getContext("2d") : null;
    if (!pen || !this.at) return;
    const { canvas } = this.stage;
    const scale = canvas.width / canvas.clientWidth;
    const [width, middle] = [(SIZE / ZOOM) * scale, SIZE / 2];
    pen.clearRect(0, 0, SIZE, SIZE);
    pen.drawImage(canvas, this.at.x * scale - width / 2, this.at.y * scale - width / 2, width, width, 0, 0, SIZE, SIZE);
    pen.strokeStyle = "#d9480f";
    pen.lineWidth = 2;
    pen.beginPath();
    for (const [x, y, toX, toY] of [
      [middle - 16, middle, middle - 4, middle],
      [middle + 4, middle, middle + 16, middle],
      [middle, middle - 16, middle, middle - 4],
      [middle, middle + 4, middle, middle + 16],
    ] as const) {
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
    }
    pen.stroke();
  }
}
