/** The swipe between two looks is fetched when somebody wants it, and ends with it. */
import { effect } from "@preact/signals";
import { dyedBeside } from "../../core/compare";
import type { View } from "../view";

export function compareWhenWanted(view: View): () => void {
  let end: (() => void) | null = null;
  let over = false;
  const stop = () => {
    end?.();
    end = null;
  };
  const ended = effect(() => {
    if (dyedBeside.value === null) return stop();
    void import("../swipe").then(({ swipePart }) => {
      if (!over && !end && dyedBeside.peek() !== null) end = swipePart(view);
    });
  });
  return () => {
    over = true;
    ended();
    stop();
  };
}
