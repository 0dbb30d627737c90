/** What another revision of the model has, drawn beside the model: only the elements that differ, from their parts alone. */
import { effect } from "@preact/signals";
import { ROOT } from "../core/client";
import { type OtherRevision, otherMissing, otherRevision, regardedOther } from "../core/compare";
import { boxOf, type SceneElements } from "../core/elements";
import { fetched } from "../core/source";
import { DesignLayer, type SceneIndex } from "../layers/design";
import { GHOST, HIDDEN, SOLID } from "./style";
import type { View } from "./view";

export function otherRevisionPart({ stage, work }: View): () => void {
  let layer: DesignLayer | null = null;
  let shown: { elements: SceneElements; shift: number[] } | null = null;
  let round = 0;
  const drop = () => {
    if (layer) stage.remove(layer);
    layer = null;
    shown = null;
  };

  async function take(other: OtherRevision, mine: number): Promise<void> {
    const base = `${ROOT}/projects/${work.project.id}/models/${other.model}/scene/`;
    const [elements, index] = await Promise.all([
      told<SceneElements>(`${base}elements.json`),
      told<SceneIndex>(`${base}model.json`),
    ]);
    if (mine !== round) return;
    const dyes = elements.global_id.map((globalId) => other.dyes.get(globalId));
    const needed = new Set(dyes.flatMap((dye, id) => (dye ? [elements.part[id] ?? -1] : [])));
    const parts = index.parts.filter((_, place) => needed.has(place));
    const made = new DesignLayer({ ...index, parts }, stage.planes);
    made.style.paint((id) => {
      const dye = dyes[id];
      return { colour: dye?.colour ?? [0, 0, 0], way: dye ? (dye.ghost ? GHOST : SOLID) : HIDDEN };
    });
    const origin = work.scene?.origin_m ?? [0, 0, 0];
    const shift = index.origin_m.map((value, k) => value - (origin[k] ?? 0));
    made.group.position.set(shift[0] ?? 0, shift[1] ?? 0, shift[2] ?? 0);
    await made.load(
      base,
      () => stage.invalidate(),
      () => {
        otherMissing.value = true;
      },
    );
    if (mine !== round) return made.dispose();
    layer = made;
    shown = { elements, shift };
    stage.add(made);
  }

  const ends = [
    effect(() => {
      const other = otherRevision.value;
      round += 1;
      drop();
      if (!other || other.dyes.size === 0) return;
      take(other, round).catch(() => {
        otherMissing.value = true;
      });
    }),
    effect(() => {
      const at = shown?.elements.global_id.indexOf(regardedOther.value) ?? -1;
      const box = shown && at >= 0 ? boxOf(shown.elements, at) : null;
      const { shift } = shown ?? { shift: [0, 0, 0] };
      const moved = (corner: number[]) => corner.map((value, k) => value + (shift[k] ?? 0));
      if (box) void stage.fit({ min: moved(box.min), max: moved(box.max) });
    }),
  ];
  return () => {
    round += 1;
    for (const end of ends) end();
    drop();
  };
}

async function told<T>(url: string): Promise<T> {
  const answer = await fetched(url);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}
