/** The modes there are: a button in the rail each, and a panel that is fetched when it is first wanted. */

import type { ComponentType } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { COMPARE } from "../core/compare";
import { type Key, t } from "../core/i18n";
import { BEGIN, INSPECT, mode, REGISTER, toggle } from "../core/mode";
import { inFolder } from "../core/source";
import type { Workspace } from "../core/state";
import { PartFailed, useLate } from "./late";
import { Loading } from "./notices";

export type ModePanel = ComponentType<{ work: Workspace }>;

export interface Mode {
  name: string;
  /** One character or two, seen beside the label. */
  sign: string;
  label: Key;
  /** Works without a server, too: shown in a 3D report. */
  folder?: true;
  /** Something to do rather than a tool of the view: offered above it. */
  task?: boolean;
  /** False where the mode has nothing to work on. */
  offered(work: Workspace): boolean;
  panel(): Promise<ModePanel>;
  /** A view of its own beside the model, where the mode needs one. */
  beside?(): Promise<ModePanel>;
}

const MODES: readonly Mode[] = [
  {
    name: "work",
    task: true,
    sign: "☑",
    label: "work",
    offered: () => true,
    panel: () => import("./worklist").then((part) => part.Worklist),
  },
  {
    name: INSPECT,
    task: true,
    sign: "✔",
    label: "inspections",
    offered: () => true,
    panel: async () => (await import("./inspections")).Inspections,
  },
  {
    name: "simulation",
    get task() {
      return !inFolder(); // where there is nobody to ask, it only plays what is opened
    },
    sign: "▷",
    label: "simulation",
    offered: (work) => work.scene !== null,
    folder: true,
    panel: async () => (await import("./simulation")).Simulation,
  },
  {
    name: "photos",
    task: true,
    sign: "✿",
    label: "photos",
    offered: () => true,
    panel: async () => (await import("./photos")).Photos,
  },
  {
    name: "reports",
    task: true,
    sign: "⤓",
    label: "reports",
    offered: (work) => work.check !== null,
    panel: async () => (await import("./reports")).Reports,
  },
  {
    name: "topics",
    task: true,
    sign: "✉",
    label: "topics",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./topics")).Topics,
  },
  {
    name: BEGIN,
    task: true,
    sign: "⇧",
    label: "begin",
    offered: () => true,
    panel: async () => (await import("./begin")).BeginPanel,
  },
  {
    name: "keep",
    task: true,
    sign: "⇩",
    label: "offlineUse",
    offered: () => true,
    panel: async () => (await import("./keep")).Keep,
  },
  {
    name: "tree",
    folder: true,
    sign: "☷",
    label: "tree",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./tree")).TreePanel,
  },
  {
    name: "plan",
    folder: true,
    sign: "▦",
    label: "plan",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./plan")).PlanPanel,
  },
  {
    name: "sections",
    sign: "◪",
    label: "sections",
    offered: (work) => work.scene !== null,
    folder: true,
    panel: async () => (await import("./sections")).SectionPanel,
  },
  {
    name: "measure",
    folder: true,
    sign: "↔",
    label: "measure",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./measure")).MeasurePanel,
  },
  {
    name: "profile",
    folder: true,
    sign: "∿",
    label: "profile",
    offered: (work) => work.scene !== null && (work.check?.has_scene ?? false),
    panel: async () => (await import("./profile")).ProfilePanel,
  },
  {
    name: "built",
    folder: true,
    sign: "⇲",
    label: "built",
    offered: (work) => work.scene !== null && work.check !== null,
    panel: async () => (await import("./built")).BuiltPanel,
  },
  {
    name: COMPARE,
    sign: "⇄",
    label: "compare",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./compare")).ComparePanel,
  },
  {
    name: "walk",
    folder: true,
    sign: "⇡",
    label: "walk",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./walk")).WalkPanel,
  },
  {
    name: "views",
    sign: "◉",
    label: "views",
    offered: (work) => work.scene !== null,
    panel: async () => (await import("./views")).Views,
  },
  {
    name: REGISTER,
    sign: "⊕",
    label: "hand",
    offered: (work) => work.scene !== null && work.scan?.has_scene === true,
    panel: async () => (await import("./hand")).HandPanel,
    beside: async () => (await import("./hand-view")).ScanView,
  },
];

/** True when the last mode was begun by keyboard: then the focus goes along into its panel. */
let byKey = false;

const usable = (work: Workspace) => MODES.filter((one) => one.offered(work) && (one.folder || !inFolder()));

/** Tools of the view. */
export function Rail({ work }: { work: Workspace }) {
  const tools = usable(work).filter((one) => !one.task);
  const wanted = work.refused ? REGISTER : ""; // what is to be done first
  const offered = [...tools.filter((one) => one.name === wanted), ...tools.filter((one) => one.name !== wanted)];
  return offered.length > 0 && <Modes offered={offered} look="rail" label="modes" />;
}

/** What there is to do beside looking. */
export function Tasks({ work }: { work: Workspace }) {
  const offered = usable(work).filter((one) => one.task);
  return offered.length > 0 && <Modes offered={offered} look="tasks" label="tasks" />;
}

function Modes({ offered, look, label }: { offered: readonly Mode[]; look: string; label: Key }) {
  return (
    <nav class={look} aria-label={t(label)}>
      {offered.map((one) => (
        <button
          key={one.name}
          type="button"
          class="rung"
          data-mode={one.name}
          aria-pressed={mode.value === one.name}
          title={t(one.label)}
          onClick={(event) => {
            byKey = event.detail === 0;
            toggle(one.name);
          }}
        >
          <span aria-hidden="true">{one.sign}</span>
          <span class="small">{t(one.label)}</span>
        </button>
      ))}
    </nav>
  );
}

/** The panel of the mode that goes on. */
export function Dock({ work }: { work: Workspace }) {
  const going = MODES.find((one) => one.name === mode.value);
  const { shown: Shown, again } = useLate(going?.name ?? "", going ? () => going.panel() : null);
  const frame = useRef<HTMLElement>(null);
  const name = going?.name;
  useLayoutEffect(() => {
    frame.current?.scrollIntoView({ block: "start" }); // the details below may have been read to their end
    if (byKey) frame.current?.querySelector("h2")?.focus();
    byKey = false;
  }, [name]);
  if (!going) return null;
  return (
    <section class="dock" aria-label={t(going.label)} ref={frame}>
      <header class="between">
        <h2 tabIndex={-1}>{t(going.label)}</h2>
        <button
          type="button"
          class="quiet"
          aria-label={t("close")}
          onClick={() => {
            toggle(going.name);
            document.querySelector<HTMLElement>(`.rung[data-mode="${going.name}"]`)?.focus(); // that opened it
          }}
        >
          ✕
        </button>
      </header>
      {Shown ? <Shown work={work} /> : again ? <PartFailed again={again} /> : <Loading />}
    </section>
  );
}

/** The view that the mode shows beside the model; nothing where it has none. */
export function Beside({ work }: { work: Workspace }) {
  const going = MODES.find((one) => one.name === mode.value && one.beside);
  const load = going?.beside;
  const { shown: Shown, again } = useLate(going?.name ?? "", load ? () => load() : null);
  if (!going) return null;
  return (
    <>
      <span class="plate">{t("model")}</span>
      <div class="beside">{Shown ? <Shown work={work} /> : again ? <PartFailed again={again} /> : <Loading />}</div>
    </>
  );
}

export const hasBeside = (name: string): boolean => MODES.some((one) => one.name === name && one.beside !== undefined);
