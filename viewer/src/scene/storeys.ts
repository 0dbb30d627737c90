/** A model that comes by storey: what fits the device is loaded, the rest when somebody asks for it. */
import { effect, untracked } from "@preact/signals";
import { budget, fitting, loads, wanted } from "../core/memory";
import { selected, type Workspace } from "../core/state";
import type { DesignLayer, SceneIndex } from "../layers/design";

export type Wants = (storey: string | null) => boolean;

/** Return which storeys are loaded at first: those with failing elements first, then from the bottom up. */
export function firstStoreys(index: SceneIndex, work: Workspace): ReadonlySet<string> {
  const failing = new Map<string, number>();
  for (const row of work.table.rows)
    if (row.verdict === "fail") failing.set(row.storey, (failing.get(row.storey) ?? 0) + 1);
  const named = [...new Set(index.parts.map((part) => part.storey ?? ""))];
  const order = named.sort((one, other) => (failing.get(other) ?? 0) - (failing.get(one) ?? 0));
  return fitting(index.parts, order, budget.peek());
}

/** Load and unload as is asked for; what is selected is loaded. Returns how to stop. */
export function followStoreys(
  design: DesignLayer,
  work: Workspace,
  first: ReadonlySet<string>,
  change: (wants: Wants) => Promise<void>,
): () => void {
  const sizes = new Map<string, number>();
  for (const part of design.index.parts) {
    const name = part.storey ?? "";
    sizes.set(name, (sizes.get(name) ?? 0) + part.triangles);
  }
  if (sizes.size < 2) return () => {};
  const tell = (held: ReadonlySet<string>) => {
    loads.value = [...sizes].map(([storey, triangles]) => ({ storey, triangles, loaded: held.has(storey) }));
  };
  tell(first);
  let last: Promise<void> = Promise.resolve();
  const stops = [
    effect(() => {
      const asked = wanted.value;
      if (!asked) return;
      untracked(() => {
        // one after the other: the last word counts
        last = last.then(() => change((storey) => asked.has(storey ?? ""))).then(() => tell(asked));
      });
    }),
    effect(() => {
      const row = selected.value;
      const part = row ? design.index.parts[work.scene?.part[row.id] ?? -1] : undefined;
      untracked(() => {
        const held = wanted.peek() ?? first;
        if (part && !held.has(part.storey ?? "")) wanted.value = new Set([...held, part.storey ?? ""]);
      });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    loads.value = [];
    wanted.value = null;
  };
}
