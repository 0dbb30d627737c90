/** A dialog that takes the whole page for as long as it is shown; then the focus goes back to where it was. */
import { useEffect, useRef } from "preact/hooks";

export function useModal() {
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    frame.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) queueMicrotask(() => before.focus());
    };
  }, []);
  return frame;
}
