/** Works profiles out: the outline from the model, the points of the slab from the tiles at full resolution. */
import { effect, untracked } from "@preact/signals";
import { boxOf } from "../../core/elements";
import { mode } from "../../core/mode";
import {
  cutThrough,
  direction,
  drawn,
  line,
  type Profile,
  type ProfilePlane,
  planeOf,
  planeThroughLine,
  profile,
  type Segment,
  slabBox,
  thickness,
  times,
} from "../../core/profile";
import type { Vec } from "../../core/space";
import { selected } from "../../core/state";
import { pointsIn, type ScanPoints } from "../../layers/scan-points";
import { Marks } from "../marks";
import type { Part, View } from "../view";
import { tilesetUrl } from "./measure";

export const profilePart: Part = (view) => {
  const { work } = view;
  const marks = new Marks(view.stage, "profile-line");
  let round = 0;
  let read: { key: string; points: ScanPoints } | null = null;

  async function make(plane: ProfilePlane, outline: Segment[], thick: number, larger: number): Promise<void> {
    round += 1;
    const mine = round;
    const scene = work.scene;
    if (outline.length === 0 || !scene || !work.check?.has_scene) {
      profile.value = { kind: "noOutline" };
      return;
    }
    const box = slabBox(plane, outline, thick);
    const key = JSON.stringify([tilesetUrl(work), box]);
    try {
      if (read?.key !== key) {
        profile.value = { kind: "loading" };
        const points = await pointsIn(tilesetUrl(work), scene.origin_m, box);
        if (mine !== round) return;
        read = { key, points };
      }
      const made: Profile = drawn(plane, outline, read.points, thick, larger);
      profile.value = made.points.length ? { kind: "ready", profile: made } : { kind: "empty" };
    } catch {
      if (mine === round) profile.value = { kind: "failed" };
    }
  }

  const ends = [
    effect(() => {
      if (mode.value !== "profile") return;
      const [which, thick, larger, row, drawnLine] = [
        direction.value,
        thickness.value,
        times.value,
        selected.value,
        line.value,
      ];
      untracked(() => {
        const design = view.design();
        if (!design || !work.scene) return;
        if (which === "line") {
          const plane = drawnLine.length === 2 ? planeThroughLine(drawnLine[0] as Vec, drawnLine[1] as Vec) : null;
          if (plane) void make(plane, alongLine(view, plane, drawnLine), thick, larger);
          else profile.value = { kind: "none" };
          return;
        }
        const box = row ? boxOf(work.scene, row.id) : null;
        if (!row || !box) {
          profile.value = { kind: "none" };
          return;
        }
        const plane = planeOf(box, which);
        void make(plane, cutThrough(plane, design.faces(row.id)), thick, larger);
      });
    }),
    effect(() => {
      const shown = mode.value === "profile" && direction.value === "line" ? line.value : [];
      marks.set(
        shown.map((position, n) => {
          const node = document.createElement("span");
          node.className = "measure-label";
          node.textContent = n === 0 ? "A" : "B";
          return { position, node };
        }),
      );
    }),
    view.onTap((x, y) => {
      if (mode.peek() !== "profile" || direction.peek() !== "line") return false;
      const hit = view.point(x, y, { ghosts: true });
      if (hit) line.value = line.peek().length === 1 ? [...line.peek(), hit.position] : [hit.position];
      return true;
    }),
  ];
  return () => {
    round += 1;
    for (const end of ends) end();
    marks.dispose();
    profile.value = { kind: "none" };
  };
};

/** Return the outline of all elements that an upright plane meets between the ends of its line, and 2 m up and down. */
function alongLine(view: View, plane: ProfilePlane, ends: readonly Vec[]): Segment[] {
  const scene = view.work.scene;
  const design = view.design();
  const [a, b] = ends as [Vec, Vec];
  if (!scene || !design) return [];
  const half = Math.hypot(b[0] - a[0], b[1] - a[1]) / 2;
  const low = Math.min(a[2], b[2]) - 2;
  const high = Math.max(a[2], b[2]) + 2;
  const made: Segment[] = [];
  for (let id = 0; id < scene.count; id += 1) {
    const box = boxOf(scene, id);
    if (!box || design.style.wayOf(id) === 0) continue;
    if ((box.max[2] as number) < low || (box.min[2] as number) > high || !meetsLine(box, a, b)) continue;
    for (const one of cutThrough(plane, design.faces(id))) {
      const kept = within(one, [-half, half], [low - plane.origin[2], high - plane.origin[2]]);
      if (kept) made.push(kept);
    }
  }
  return made;
}

function meetsLine(box: { min: number[]; max: number[] }, a: Vec, b: Vec): boolean {
  return (
    within(
      [a[0], a[1], b[0], b[1]],
      [box.min[0] as number, box.max[0] as number],
      [box.min[1] as number, box.max[1] as number],
    ) !== null
  );
}

/** Return the part of a segment in a rectangle (Liang and Barsky 1984), null for none. */
function within([u0, v0, u1, v1]: Segment, us: [number, number], vs: [number, number]): Segment | null {
  let [from, to] = [0, 1];
  for (const [p, d, [low, high]] of [
    [u0, u1 - u0, us],
    [v0, v1 - v0, vs],
  ] as const) {
    if (d === 0) {
      if (p < low || p > high) return null;
      continue;
    }
    const [one, other] = [(low - p) / d, (high - p) / d];
    from = Math.max(from, Math.min(one, other));
    to = Math.min(to, Math.max(one, other));
  }
  if (from > to) return null;
  return [u0 + from * (u1 - u0), v0 + from * (v1 - v0), u0 + to * (u1 - u0), v0 + to * (v1 - v0)];
}
