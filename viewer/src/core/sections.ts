/** Where the view is cut open: by a height, a box, and planes along an axis or a face. */
import { computed, signal } from "@preact/signals";
import { add, dot, type Half, scale, type Vec } from "./space";
import { cut } from "./state";

export interface Section {
  readonly id: number;
  readonly kind: "x" | "y" | "z" | "face";
  /** Towards what is kept; of length one. */
  readonly normal: Vec;
  /** A place on the plane, where its handle is. */
  readonly at: Vec;
  /** What the element whose face it is from is called. */
  readonly of?: string;
}

export interface SectionBox {
  readonly min: Vec;
  readonly max: Vec;
}

export type Axis = 0 | 1 | 2;
export const AXES = ["x", "y", "z"] as const;
const SMALLEST = 0.05;

export const sections = signal<readonly Section[]>([]);
export const sectionBox = signal<SectionBox | null>(null);
/** What a plan shows of the height: from below its floor to where it looks from. */
export const slice = signal<{ low: number; high: number } | null>(null);
/** Whether cut solids are hatched as in a drawing; else they have their element's plain colour. */
export const hatched = signal(true);
/** Whether the next tap on a face makes a plane. */
export const asksForFace = signal(false);

const unitAlong = (axis: Axis, sign: 1 | -1): Vec => [0, 1, 2].map((k) => (k === axis ? sign : 0)) as unknown as Vec;

/** What is kept, as planes. */
export const halves = computed<readonly Half[]>(() => {
  const kept: Half[] = sections.value.map(({ normal, at }) => ({ normal, constant: -dot(normal, at) }));
  const box = sectionBox.value;
  if (box)
    for (const axis of [0, 1, 2] as const) {
      kept.push({ normal: unitAlong(axis, 1), constant: -box.min[axis] });
      kept.push({ normal: unitAlong(axis, -1), constant: box.max[axis] });
    }
  if (cut.value !== null) kept.push({ normal: [0, 0, -1], constant: cut.value });
  if (slice.value) {
    kept.push({ normal: [0, 0, -1], constant: slice.value.high });
    kept.push({ normal: [0, 0, 1], constant: -slice.value.low });
  }
  return kept;
});

let last = 0;

export function addSection(kind: Section["kind"], normal: Vec, at: Vec, of?: string): void {
  last += 1;
  sections.value = [...sections.value, { id: last, kind, normal, at, ...(of ? { of } : {}) }];
}

/** Add a plane across an axis that keeps the lower side. */
export function addAcross(axis: Axis, at: Vec): void {
  addSection(AXES[axis], unitAlong(axis, -1), at);
}

export function changeSection(id: number, change: (section: Section) => Section): void {
  sections.value = sections.value.map((one) => (one.id === id ? change(one) : one));
}

/** Keep the other side. */
export const turned = (section: Section): Section => ({ ...section, normal: scale(section.normal, -1) });

/** Move a plane along its normal, metres; positive takes more away. */
export const moved = (section: Section, by: number): Section => ({
  ...section,
  at: add(section.at, scale(section.normal, by)),
});

export function removeSection(id: number): void {
  sections.value = sections.value.filter((one) => one.id !== id);
}

export function clearSections(): void {
  sections.value = [];
  sectionBox.value = null;
  cut.value = null;
  asksForFace.value = false;
}

/** Return a box with one side moved to a value; it keeps 5 cm, whatever is asked. */
export function withSide(box: SectionBox, axis: Axis, end: "min" | "max", value: number): SectionBox {
  if (!Number.isFinite(value)) return box;
  const other = end === "min" ? box.max[axis] - SMALLEST : box.min[axis] + SMALLEST;
  const held = end === "min" ? Math.min(value, other) : Math.max(value, other);
  const side = box[end].map((old, k) => (k === axis ? held : old)) as unknown as Vec;
  return { ...box, [end]: side };
}

/** Return a box with room around. */
export function boxAround({ min, max }: { min: readonly number[]; max: readonly number[] }, room: number): SectionBox {
  const shift = (side: readonly number[], by: number) => side.map((value) => value + by) as unknown as Vec;
  return { min: shift(min, -room), max: shift(max, room) };
}
