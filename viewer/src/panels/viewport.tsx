/** The 3D view: the stage lives here, and follows what the state says. */
import { effect } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ROOT } from "../core/client";
import { type Dyer, dyed, dyedBeside } from "../core/compare";
import { boxOf, type ElementRow, markOf, type SceneElements } from "../core/elements";
import { type Box, hiders } from "../core/hiding";
import { listed, t } from "../core/i18n";
import { mode } from "../core/mode";
import { clashing, looks, recoloured } from "../core/overlay";
import { RECORDS, type Rgb, STATES, spread, standing, VERDICTS } from "../core/palette";
import { halves } from "../core/sections";
import { fetched } from "../core/source";
import { kept, type Vec } from "../core/space";
import {
  aside,
  colourBy,
  filtered,
  ghosted,
  hidden,
  isFiltered,
  ramp,
  select,
  selected,
  shows,
  type Workspace,
} from "../core/state";
import { cameraWanted } from "../core/view-state";
import { DesignLayer, type SceneIndex } from "../layers/design";
import type { DeviationLayer } from "../layers/deviation";
import { PARTS } from "../scene/parts";
import { Picker } from "../scene/picking";
import { pointAt } from "../scene/pointing";
import { Stage } from "../scene/stage";
import { firstStoreys, followStoreys } from "../scene/storeys";
import { CHOSEN, GHOST, HIDDEN, SOLID } from "../scene/style";
import type { View } from "../scene/view";
import { theme } from "./switches";

type Phase = "loading" | "ready" | "no-webgl" | "lost" | "failed";

export function Viewport({ work }: { work: Workspace }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [phase, setPhase] = useState<Phase>("loading");
  const [share, setShare] = useState(0);
  const [missing, setMissing] = useState<string[]>([]);
  const [round, setRound] = useState(0);
  const fit = useRef<() => void>(() => {});

  // before the first painting of the panels: where the processor draws, the context would wait for that
  useLayoutEffect(() => {
    const node = canvas.current;
    if (!node) return;
    let stage: Stage;
    try {
      stage = new Stage(node);
    } catch {
      setPhase("no-webgl");
      return;
    }
    const shown = show(stage, work, {
      setPhase,
      setShare,
      fail: (what) => setMissing((all) => [...new Set([...all, what])]),
    });
    fit.current = () => shown.fit(); // which is another one once the model is there
    const leave = keepClear(stage, node);
    stage.onContext = (lost) => setPhase(lost ? "lost" : "ready");
    handOut({ stage, pick: shown.pick, point: shown.point });
    return () => {
      leave();
      shown.end();
      stage.dispose();
    };
  }, [work, round]);

  return (
    <div class="stage">
      <canvas ref={canvas} key={round} aria-label={t("view")} data-phase={phase} tabIndex={0} />
      {phase === "loading" && (
        <div class="notice over" role="status">
          <span class="spinner" aria-hidden="true" /> {t("loading")} {share > 0 && `${Math.round(100 * share)} %`}
        </div>
      )}
      {phase === "no-webgl" && (
        <div class="notice over" role="alert">
          {t("noWebgl")}
        </div>
      )}
      {phase === "lost" && (
        <div class="notice over" role="alert">
          <p>{t("contextLost")}</p>
          <button
            type="button"
            onClick={() => {
              setPhase("loading");
              setRound(round + 1);
            }}
          >
            {t("restart")}
          </button>
        </div>
      )}
      {phase === "failed" && (
        <div class="notice over" role="alert">
          <p>{t("offline")}</p>
          <button
            type="button"
            onClick={() => {
              setPhase("loading");
              setRound(round + 1);
            }}
          >
            {t("retry")}
          </button>
        </div>
      )}
      {missing.length > 0 && (
        <div class="toast" role="alert">
          <p>{t("failedPart", { what: listed(missing) })}</p>
          <button
            type="button"
            onClick={() => {
              setMissing([]);
              setPhase("loading");
              setRound(round + 1);
            }}
          >
            {t("retry")}
          </button>
          <button type="button" class="quiet" aria-label={t("close")} onClick={() => setMissing([])}>
            ✕
          </button>
        </div>
      )}
      <div class="corner">
        <button type="button" class="round" aria-label={t("fit")} title={t("fit")} onClick={() => fit.current()}>
          ⤢
        </button>
      </div>
    </div>
  );
}

interface Told {
  setPhase: (phase: Phase) => void;
  setShare: (share: number) => void;
  fail: (what: string) => void;
}

interface Shown {
  fit: () => void;
  /** The feature id at a place of the canvas. */
  pick: View["pick"];
  point: View["point"];
  end: () => void;
}

/** Let what is fitted be seen beside the legend, which lies over the picture where there is room; returns how to stop. */
function keepClear(stage: Stage, canvas: HTMLElement): () => void {
  const legend = canvas.closest(".view")?.querySelector(":scope > .overlay");
  if (!legend) return () => {};
  stage.covered = () => {
    const [over, whole] = [legend.getBoundingClientRect(), canvas.getBoundingClientRect()];
    const isOver = over.height > 0 && over.right > whole.left && over.left < whole.right && over.top < whole.bottom;
    return isOver ? Math.max(0, over.bottom - whole.top) : 0;
  };
  const watch = new ResizeObserver(() => stage.refit());
  watch.observe(legend);
  return () => watch.disconnect();
}

/** Let tests and whoever looks for a fault reach the stage from the console. */
function handOut(tools: { stage: Stage } & Pick<Shown, "pick" | "point">): void {
  (globalThis as unknown as { qtems: typeof tools }).qtems = tools;
}

/** Put a workspace on the stage; `end` stops following the state. */
function show(stage: Stage, work: Workspace, told: Told): Shown {
  const base = `${ROOT}/projects/${work.project.id}/models/${work.model.id}/scene/`;
  const picker = new Picker();
  const ends: (() => void)[] = [() => picker.dispose()];
  let design: DesignLayer | null = null;
  let cloud: DeviationLayer | null = null;
  let ended = false;
  const shown: Shown = {
    fit: () => {},
    pick: (x, y) => (design ? picker.at(stage, design, x, y) : null),
    point: (x, y, wanted) => (work.scene ? pointAt({ stage, design, cloud, scene: work.scene }, x, y, wanted) : null),
    end: () => {
      ended = true;
      for (const end of ends) end();
    },
  };
  if (!work.scene) {
    told.setPhase("ready");
    return shown;
  }
  const askedFirst: ((x: number, y: number) => boolean)[] = [];
  const view: View = {
    stage,
    work,
    design: () => design,
    pick: shown.pick,
    cloud: () => cloud,
    point: shown.point,
    onTap: (asked) => {
      askedFirst.push(asked);
      return () => askedFirst.splice(askedFirst.indexOf(asked), 1);
    },
  };
  for (const part of PARTS) ends.push(part(view));

  async function begin(): Promise<void> {
    const answer = await fetched(`${base}model.json`);
    if (!answer.ok) throw new Error(answer.statusText);
    const index: SceneIndex = await answer.json();
    if (ended) return;
    design = new DesignLayer(index, stage.planes);
    const bounds = design.bounds();
    shown.fit = () => void stage.fit(bounds);
    await stage.fit(bounds, false);
    const wanted = cameraWanted.peek();
    if (wanted) stage.goTo(wanted);
    stage.add(design);
    ends.push(effect(() => paint(stage, design as DesignLayer, work)));
    const first = firstStoreys(index, work);
    const step = (part: number, of: number) => {
      told.setShare(part / of);
      stage.invalidate();
    };
    const inFirst = (storey: string | null) => first.has(storey ?? "");
    await design.load(base, step, told.fail, inFirst);
    if (ended) return;
    told.setPhase("ready");
    stage.invalidate();
    const model = design;
    ends.push(
      followStoreys(model, work, first, async (wants) => {
        model.drop(wants);
        await model.load(base, step, told.fail, wants);
        await model.loadEdges(base, wants).catch(() => told.fail("edges"));
        stage.invalidate();
      }),
    );
    void model
      .loadEdges(base, inFirst)
      .then(() => stage.invalidate())
      .catch(() => told.fail("edges"));
  }
  begin().catch(() => {
    if (!ended) told.setPhase("failed");
  });

  let asked = false;
  /** What draws a scan is fetched with the first scan that somebody wants to see. */
  async function addCloud(check: string): Promise<void> {
    const { DeviationLayer } = await import("../layers/deviation");
    if (ended) return;
    const url = `${ROOT}/projects/${work.project.id}/checks/${check}/scene/tileset.json`;
    cloud = new DeviationLayer(url, work.scene?.origin_m ?? [0, 0, 0], stage.planes);
    cloud.onFailed = () => told.fail(t("scan"));
    cloud.group.visible = shows.peek().scan;
    cloud.set(ramp.peek().rangeMm, ramp.peek().toleranceMm);
    stage.add(cloud);
  }
  ends.push(
    effect(() => {
      const { model, edges, scan } = shows.value;
      if (scan && !asked && work.check?.has_scene) {
        asked = true;
        addCloud(work.check.id).catch(() => {
          asked = false;
          told.fail(t("scan"));
        });
      }
      if (cloud) cloud.group.visible = scan;
      if (design) {
        design.group.visible = model;
        design.showEdges(edges);
      }
      const { rangeMm, toleranceMm } = ramp.value;
      cloud?.set(rangeMm, toleranceMm);
      stage.invalidate();
    }),
  );
  ends.push(
    effect(() => {
      stage.colour(theme.value === "dark" ? "#14181d" : "#eef1f4");
      design?.lineColour(theme.value === "dark" ? "#0b0d10" : "#1f242b");
    }),
  );
  let byTap = false; // what was tapped is in sight already
  let before = "";
  ends.push(
    effect(() => {
      const row = selected.value;
      const scene = work.scene;
      if (!row || !scene || row.globalId === before) return;
      before = row.globalId;
      const box = boxOf(scene, row.id);
      const wanted = box && !byTap;
      byTap = false;
      aside.value = new Set();
      if (!wanted) return;
      void stage.bring(box);
      const shown = design;
      if (shown && mode.peek() === "") aside.value = hiding(stage, shown, work, row.id, box);
    }),
  );

  let down: { x: number; y: number } | null = null;
  const press = (event: PointerEvent) => {
    down = event.isPrimary ? { x: event.offsetX, y: event.offsetY } : null;
  };
  const release = (event: PointerEvent) => {
    if (!down || !design || Math.hypot(event.offsetX - down.x, event.offsetY - down.y) > 6) return;
    if (askedFirst.some((asked) => asked(event.offsetX, event.offsetY))) return;
    // the model steps back for the points: then it is they that are tapped
    const { offsetX: x, offsetY: y } = event;
    const id = shows.value.scan ? (shown.point(x, y, { ghosts: true })?.featureId ?? null) : shown.pick(x, y);
    const row = id === null ? undefined : work.table.rows[id];
    byTap = row !== undefined;
    select(row?.globalId ?? "");
  };
  stage.canvas.addEventListener("pointerdown", press);
  stage.canvas.addEventListener("pointerup", release);
  ends.push(() => {
    stage.canvas.removeEventListener("pointerdown", press);
    stage.canvas.removeEventListener("pointerup", release);
  });
  return shown;
}

/** Return what stands before an element, seen from where the camera goes now. */
function hiding(stage: Stage, design: DesignLayer, work: Workspace, id: number, box: Box): ReadonlySet<number> {
  const solid = function* () {
    for (const row of work.table.rows) {
      const around =
        row.id !== id && design.style.wayOf(row.id) >= SOLID ? boxOf(work.scene as SceneElements, row.id) : null;
      if (around) yield { id: row.id, box: around };
    }
  };
  const isDrawn = (place: Vec) => kept(halves.peek(), place);
  return hiders(stage.eye(), box, solid(), (one) => design.faces(one), isDrawn);
}

/** Give each element its colour, and hide or ghost what is not asked for. */
function paint(stage: Stage, design: DesignLayer, work: Workspace): void {
  const by = colourBy.value;
  const gone = hidden.value;
  const chosen = selected.value;
  const among = isFiltered.value ? new Set(filtered.value.map((row) => row.id)) : null;
  const alone = ghosted.value && chosen !== null;
  const stepped = aside.value;
  const scanned = shows.value.scan; // points lie on the faces: the model steps back for them
  const look = recoloured.value ? () => UNKNOWN : colours(by, work);
  const simulated = looks.value;
  const clash = clashing.value;
  const dressed = (dye: Dyer | null) => (id: number) => {
    const row = work.table.rows[id];
    if (!row || gone.has(id)) return { colour: [0, 0, 0] as const, way: HIDDEN };
    const over = simulated?.get(row.globalId);
    if (over && !over.visible) return { colour: [0, 0, 0] as const, way: HIDDEN };
    const told = dye?.(row);
    const aside =
      scanned ||
      (among && !among.has(id)) ||
      (alone && row !== chosen) ||
      stepped.has(id) ||
      (clash && !clash.has(row.globalId)) ||
      told?.ghost;
    return {
      colour: clash?.get(row.globalId) ?? over?.colour ?? told?.colour ?? look(row),
      way: row === chosen ? CHOSEN : aside ? GHOST : SOLID,
    };
  };
  design.style.paint(dressed(dyed.value));
  if (dyedBeside.value) design.style.paintBeside(dressed(dyedBeside.value));
  stage.invalidate();
}

const UNKNOWN: Rgb = [186, 192, 200];

function colours(by: string, work: Workspace): (row: ElementRow) => Rgb {
  if (by === "verdict") return (row) => VERDICTS[markOf(row)]?.colour ?? UNKNOWN;
  if (by === "status") return (row) => STATES[row.status]?.colour ?? UNKNOWN;
  if (by === "ncr") return (row) => RECORDS[standing(row.ncr?.state ?? null)]?.colour ?? UNKNOWN;
  const values = by === "storey" ? work.table.storeys : work.table.classes;
  const places = new Map(values.map((value, n) => [value, spread(n)]));
  return (row) => places.get(by === "storey" ? row.storey : row.ifcClass) ?? UNKNOWN;
}
