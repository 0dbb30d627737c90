/** The first look around: a few steps, each beside what it speaks of; skipped with one key, begun again from the help. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { t } from "../core/i18n";
import { useModal } from "./modal";

/** What each step points at: the first of them that is to be seen. */
const STEPS = [
  { name: "model", at: [".stage", ".middle"] },
  { name: "table", at: [".left", ".tabs button:nth-child(1)"] },
  { name: "detail", at: [".right", ".tabs button:nth-child(3)", ".middle"] },
  { name: "tools", at: [".overlay", ".tabs button:nth-child(2)", ".middle"] },
  { name: "decide", at: [".right", ".tabs button:nth-child(3)", ".middle"] },
  { name: "ahead", at: ["[data-mode=simulation]", ".tabs button:nth-child(4)", ".middle"] },
  { name: "offline", at: ["[data-mode=keep]", ".tabs button:nth-child(4)", ".middle"] },
] as const;

const DONE = "qtems.toured";
/** The step that is shown; null for none. */
const step = signal<number | null>(null);
const invited = signal(localStorage.getItem(DONE) === null);

export function beginTour(): void {
  step.value = 0;
}

function end(): void {
  step.value = null;
  invited.value = false;
  localStorage.setItem(DONE, "1");
}

/** Offers itself to whoever is here for the first time. */
export function Tour() {
  if (step.value !== null) return <Step n={step.value} />;
  if (!invited.value) return null;
  return (
    <aside class="card invitation" aria-label={t("tourStart")}>
      <p>{t("tourOffer")}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={beginTour}>
          {t("tourStart")}
        </button>
        <button type="button" onClick={end}>
          {t("tourSkip")}
        </button>
      </div>
    </aside>
  );
}

function Step({ n }: { n: number }) {
  const frame = useModal();
  const [ring, setRing] = useState<Ring | null>(null);
  const one = STEPS[n] ?? STEPS[0];
  useEffect(() => {
    const place = () => setRing(boxOf(one.at));
    place();
    frame.current?.querySelector<HTMLElement>(".primary")?.focus();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, [one]);
  const below = ring !== null && ring.top + ring.height / 2 > innerHeight * 0.6;
  const last = n === STEPS.length - 1;
  return (
    <dialog
      ref={frame}
      class="tour"
      aria-labelledby="tour-title"
      aria-describedby="tour-text"
      onClose={() => step.value !== null && end()}
    >
      {ring && <div class="ring" style={inPixels(ring)} aria-hidden="true" />}
      <div class={below ? "card steps above" : "card steps"}>
        <p class="dim small">{t("tourStep", { n: n + 1, of: STEPS.length })}</p>
        <div aria-live="polite">
          <h2 id="tour-title">{t(`tour.${one.name}.title`)}</h2>
          <p id="tour-text">{t(`tour.${one.name}.text`)}</p>
        </div>
        <div class="actions">
          <button
            type="button"
            class="primary"
            onClick={() => {
              if (last) end();
              else step.value = n + 1;
            }}
          >
            {t(last ? "tourEnd" : "tourNext")}
          </button>
          {n > 0 && (
            <button
              type="button"
              onClick={() => {
                step.value = n - 1;
              }}
            >
              {t("tourBack")}
            </button>
          )}
          {!last && (
            <button type="button" class="quiet" onClick={end}>
              {t("tourSkip")}
            </button>
          )}
        </div>
      </div>
    </dialog>
  );
}

interface Ring {
  left: number;
  top: number;
  width: number;
  height: number;
}

function inPixels(ring: Ring): Record<keyof Ring, string> {
  const { left, top, width, height } = ring;
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}

/** The box of the first of some things that is to be seen, a little larger and within the screen. */
function boxOf(selectors: readonly string[]): Ring | null {
  for (const one of selectors) {
    const box = document.querySelector(one)?.getBoundingClientRect();
    if (!box || box.width === 0) continue;
    const [left, top] = [Math.max(4, box.left - 4), Math.max(4, box.top - 4)];
    return {
      left,
      top,
      width: Math.min(innerWidth - 4, box.right + 4) - left,
      height: Math.min(innerHeight - 4, box.bottom + 4) - top,
    };
  }
  return null;
}
