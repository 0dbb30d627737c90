/** The scan beside the model, in its own frame. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ROOT } from "../core/client";
import { t } from "../core/i18n";
import type { Workspace } from "../core/state";
import { type ScanSide, scanSide } from "../scene/scan-side";
import { theme } from "./switches";

type Phase = "loading" | "ready" | "failed" | "no-webgl" | "lost";

export function ScanView({ work }: { work: Workspace }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const side = useRef<ScanSide | null>(null);
  const [phase, setPhase] = useState<Phase>("loading");
  const [round, setRound] = useState(0);
  const dark = theme.value === "dark";
  const [project, scan] = [work.project.id, work.scan?.id ?? ""];
  useEffect(() => {
    if (!canvas.current) return;
    setPhase("loading");
    try {
      side.current = scanSide(canvas.current, `${ROOT}/projects/${project}/scans/${scan}/scene/tileset.json`, {
        ready: () => setPhase("ready"),
        failed: () => setPhase((now) => (now === "loading" ? "failed" : now)),
      });
    } catch {
      setPhase("no-webgl");
      return;
    }
    side.current.stage.onContext = (lost) => setPhase(lost ? "lost" : "ready");
    (globalThis as unknown as { qtemsScan: ScanSide }).qtemsScan = side.current; // for tests and whoever looks for a fault
    return () => {
      side.current?.end();
      side.current = null;
    };
  }, [project, scan, round]);
  useEffect(() => side.current?.colour(dark ? "#0d1014" : "#2b323a"), [dark, phase]);
  const again = (label: "retry" | "restart") => (
    <button type="button" onClick={() => setRound(round + 1)}>
      {t(label)}
    </button>
  );
  return (
    <div class="stage second">
      <canvas ref={canvas} key={round} aria-label={t("handScanView")} data-phase={phase} tabIndex={0} />
      <span class="plate">{t("handScanView")}</span>
      {phase === "loading" && (
        <div class="notice over" role="status">
          <span class="spinner" aria-hidden="true" /> {t("loading")}
        </div>
      )}
      {phase === "failed" && (
        <div class="notice over" role="alert">
          <p>{t("offline")}</p>
          {again("retry")}
        </div>
      )}
      {phase === "lost" && (
        <div class="notice over" role="alert">
          <p>{t("contextLost")}</p>
          {again("restart")}
        </div>
      )}
      {phase === "no-webgl" && (
        <div class="notice over" role="alert">
          {t("noWebgl")}
        </div>
      )}
      <div class="corner">
        <button
          type="button"
          class="round"
          aria-label={t("handFitScan")}
          title={t("handFitScan")}
          onClick={() => side.current?.fit()}
        >
          ⤢
        </button>
      </div>
    </div>
  );
}
