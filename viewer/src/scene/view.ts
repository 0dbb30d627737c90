/** What a part of the 3D view works with: parts are added in `scene/parts.ts` and know nothing of each other. */
import type { Workspace } from "../core/state";
import type { DesignLayer } from "../layers/design";
import type { DeviationLayer } from "../layers/deviation";
import type { Hit, Wanted } from "./pointing";
import type { Stage } from "./stage";

export interface View {
  readonly stage: Stage;
  readonly work: Workspace;
  /** Null until the model has begun to load. */
  design(): DesignLayer | null;
  /** The feature id at a place of the canvas (CSS pixels from its corner). */
  pick(x: number, y: number): number | null;
  /** Null until the scan's points were first asked for. */
  cloud(): DeviationLayer | null;
  /** The place of model or scan at a place of the canvas, drawn to what is near: for measuring and for pins. */
  point(x: number, y: number, wanted?: Wanted): Hit | null;
  /** Be asked first when somebody taps; true says that the tap was yours. Returns how to stop being asked. */
  onTap(asked: (x: number, y: number) => boolean): () => void;
}

/** Something that lives on a view: begins when called, ends by what it returns. Follow signals by `effect`. */
export type Part = (view: View) => () => void;
