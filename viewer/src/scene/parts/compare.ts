/** What comparing draws is fetched when somebody wants it, and ends with it. */
import { effect, type ReadonlySignal } from "@preact/signals";
import { dyedBeside, otherRevision } from "../../core/compare";
import { late } from "../../core/late";
import type { Part, View } from "../view";

export function compareWhenWanted(view: View): () => void {
  const ends = [
    whenWanted(view, dyedBeside, async () => (await import("../swipe")).swipePart),
    whenWanted(view, otherRevision, async () => (await import("../other-revision")).otherRevisionPart),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function whenWanted(view: View, wanted: ReadonlySignal<unknown>, load: () => Promise<Part>): () => void {
  let end: (() => void) | null = null;
  let over = false;
  let leave = () => {};
  const stop = () => {
    leave();
    end?.();
    end = null;
  };
  const ended = effect(() => {
    if (wanted.value === null) return stop();
    leave();
    leave = late(load, {
      got: (part) => {
        if (!over && !end && wanted.peek() !== null) end = part(view);
      },
    });
  });
  return () => {
    over = true;
    ended();
    stop();
  };
}
