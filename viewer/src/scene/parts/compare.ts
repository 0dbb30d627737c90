/** What comparing draws, and space that has to be free, is fetched when somebody wants it, and ends with it. */
import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { dyedBeside, otherRevision } from "../../core/compare";
import { late } from "../../core/late";
import { overlay } from "../../core/overlay";
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

const spaces = computed(() => (overlay.value?.clashes.some(({ box }) => box) ? overlay.value : null));

/** Space that has to be free is drawn with the first of it that is shown. */
export function spacesWhenWanted(view: View): () => void {
  return whenWanted(view, spaces, async () => (await import("../../layers/spaces")).spacesPart);
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
