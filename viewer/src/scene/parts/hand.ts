/** Registering by hand is fetched when somebody begins it, and ends with the mode. */
import { effect } from "@preact/signals";
import { late } from "../../core/late";
import { mode, REGISTER } from "../../core/mode";
import { takeUp } from "../../core/pairs";
import type { View } from "../view";

export function handWhenWanted(view: View): () => void {
  let end: (() => void) | null = null;
  let over = false;
  let leave = () => {};
  const stop = () => {
    leave();
    end?.();
    end = null;
  };
  const ended = effect(() => {
    const wanted = mode.value === REGISTER && view.work.scan !== null;
    stop();
    if (!wanted || !view.work.scan) return;
    takeUp(view.work.scan.id);
    leave = late(() => import("../hand"), {
      got: ({ handPart }) => {
        if (!over && mode.peek() === REGISTER && !end) end = handPart(view);
      },
    });
  });
  return () => {
    over = true;
    ended();
    stop();
  };
}
