/** The pins over the view: a button each, those that would lie on each other as one with their number. */
import { effect } from "@preact/signals";
import { t } from "../core/i18n";
import { clustered, type Pin, pins } from "../core/pins";
import { selected } from "../core/state";
import { onCanvas } from "../scene/marks";
import type { Part } from "../scene/view";

const APART = 34;
/** Seen about pins that part, metres. */
const AROUND = 1;

export const pinsPart: Part = ({ stage }) => {
  const root = document.createElement("div");
  root.className = "marks pins";
  stage.canvas.parentElement?.append(root);
  const buttons = new Map<string, HTMLButtonElement>();

  function buttonOf(id: string): HTMLButtonElement {
    const known = buttons.get(id);
    if (known) return known;
    const made = document.createElement("button");
    made.type = "button";
    buttons.set(id, made);
    root.append(made);
    return made;
  }

  function look(members: readonly Pin[], button: HTMLButtonElement): void {
    const [first] = members as readonly [Pin];
    const label = members.length === 1 ? first.label : t("pinsHere", { n: members.length, label: first.label });
    const chosen = selected.peek()?.globalId;
    const isChosen = chosen !== undefined && members.some((one) => one.about === chosen);
    if (isChosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    if (button.title === label && button.dataset["sign"] === first.sign) return;
    button.className = `pin pin-${first.kind}${members.length > 1 ? " many" : ""}`;
    button.title = label;
    button.setAttribute("aria-label", label);
    button.dataset["sign"] = first.sign;
    button.textContent = members.length === 1 ? first.sign : `${first.sign}${members.length}`;
  }

  function open(members: readonly Pin[]): void {
    const [first] = members as readonly [Pin];
    const side = (pick: (...values: number[]) => number) =>
      [0, 1, 2].map((axis) => pick(...members.map((pin) => pin.position[axis as 0 | 1 | 2])));
    const [min, max] = [side(Math.min), side(Math.max)];
    const wide = Math.hypot(...max.map((value, axis) => value - (min[axis] as number)));
    // they lie on each other: coming closer would not part them
    if (members.length === 1 || wide < 0.05) first.onOpen();
    else {
      const room = Math.max(wide, AROUND); // with what is about them: two pins alone say nothing
      void stage.fit({ min: min.map((low) => low - room), max: max.map((high) => high + room) });
    }
  }

  function place(): void {
    const seen = pins.peek().flatMap((pin) => {
      const at = onCanvas(stage, pin.position);
      return at ? [{ ...at, pin }] : [];
    });
    const used = new Set<string>();
    for (const { x, y, members } of clustered(seen, APART)) {
      const all = members.map((one) => one.pin);
      const [first] = all as [Pin];
      const button = buttonOf(first.id);
      used.add(first.id);
      look(all, button);
      button.onclick = () => open(all);
      button.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
    }
    for (const [id, button] of buttons)
      if (!used.has(id)) {
        button.remove();
        buttons.delete(id);
      }
  }

  const ends = [
    stage.whenDrawn(place),
    effect(() => {
      void pins.value;
      void selected.value;
      stage.invalidate();
    }),
  ];
  return () => {
    for (const end of ends) end();
    root.remove();
  };
};
