/** How much room there is: on a phone one thing is seen at a time. */
import { signal } from "@preact/signals";

const query = globalThis.matchMedia?.("(max-width: 760px), (max-height: 500px)");

/** True on a phone, upright or on its side; the same limits as in the style sheet. */
export const narrow = signal(query?.matches ?? false);

/** Whether something is asked or told over everything else: what loads the page anew would take it away. */
export const isInDialog = (): boolean => globalThis.document?.querySelector("dialog[open]") !== null;

query?.addEventListener("change", (event) => {
  narrow.value = event.matches;
});
