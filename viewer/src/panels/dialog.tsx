/** What is asked for over everything else. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../core/i18n";

/** A dialog of the browser itself: it holds the focus and closes with Escape. */
export function Dialog({ title, onEnd, children }: { title: string; onEnd: () => void; children: ComponentChildren }) {
  const frame = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  useEffect(() => {
    const node = frame.current;
    const before = document.activeElement;
    node?.showModal();
    return () => {
      gone.current = true;
      node?.close();
      if (before instanceof HTMLElement) queueMicrotask(() => before.focus()); // not by close: it is gone by then
    };
  }, []);
  return (
    <dialog ref={frame} class="card dialog" aria-label={title} onClose={() => gone.current || onEnd()}>
      <header class="between">
        <h2>{title}</h2>
        <button type="button" class="quiet" aria-label={t("close")} onClick={() => frame.current?.close()}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}
