/** Cutting the view open: a box, planes along the axes and along a face, each with its number to type. */
import { boxOf } from "../core/elements";
import { colon, t } from "../core/i18n";
import {
  AXES,
  type Axis,
  addAcross,
  asksForFace,
  boxAround,
  changeSection,
  clearSections,
  halves,
  hatched,
  moved,
  removeSection,
  type Section,
  sectionBox,
  sections,
  turned,
  withSide,
} from "../core/sections";
import { dot, scale, type Vec } from "../core/space";
import { selected, type Workspace } from "../core/state";

export function SectionPanel({ work }: { work: Workspace }) {
  const scene = work.scene;
  if (!scene) return null;
  const whole = wholeOf(work);
  const row = selected.value;
  const mine = row ? boxOf(scene, row.id) : null;
  const middle = whole.min.map((low, k) => (low + (whole.max[k] as number)) / 2) as unknown as Vec;
  const box = sectionBox.value;
  return (
    <div class="stack">
      <div class="chips">
        <button
          type="button"
          class="chip"
          onClick={() => {
            sectionBox.value = boxAround(whole, 0.1);
          }}
        >
          {t("boxModel")}
        </button>
        <button
          type="button"
          class="chip"
          disabled={!mine}
          onClick={() => {
            if (mine) sectionBox.value = boxAround(mine, 0.5);
          }}
        >
          {t("boxElement")}
        </button>
        {([0, 1, 2] as const).map((axis) => (
          <button key={axis} type="button" class="chip" onClick={() => addAcross(axis, middle)}>
            {t("planeAcross", { axis: (AXES[axis] as string).toUpperCase() })}
          </button>
        ))}
        <button
          type="button"
          class={asksForFace.value ? "chip on" : "chip"}
          aria-pressed={asksForFace.value}
          onClick={() => {
            asksForFace.value = !asksForFace.value;
          }}
        >
          {t("planeFace")}
        </button>
      </div>
      {asksForFace.value && (
        <p class="hint" role="status">
          {t("tapFace")}
        </p>
      )}
      {box && (
        <fieldset class="box">
          <legend>{t("sectionBox")}</legend>
          {([0, 1, 2] as Axis[]).map((axis) => (
            <div key={axis} class="pair">
              {(["min", "max"] as const).map((end) => (
                <Metres
                  key={end}
                  label={t(end === "min" ? "boxFrom" : "boxTo", { axis: (AXES[axis] as string).toUpperCase() })}
                  value={box[end][axis] + scene.origin_m[axis]}
                  onValue={(value) => {
                    sectionBox.value = withSide(box, axis, end, value - scene.origin_m[axis]);
                  }}
                />
              ))}
            </div>
          ))}
          <button
            type="button"
            onClick={() => {
              sectionBox.value = null;
            }}
          >
            {t("removeBox")}
          </button>
        </fieldset>
      )}
      <ul class="plain">
        {sections.value.map((section) => (
          <li key={section.id} class="box">
            <PlaneRow section={section} origin={scene.origin_m} />
          </li>
        ))}
      </ul>
      <label class="check">
        <input
          type="checkbox"
          checked={hatched.value}
          onChange={(e) => {
            hatched.value = e.currentTarget.checked;
          }}
        />
        {t("hatchCuts")}
      </label>
      {halves.value.length > 0 && (
        <button type="button" onClick={clearSections}>
          {t("clearSections")}
        </button>
      )}
      <p class="dim small">{t("sectionHint")}</p>
    </div>
  );
}

function PlaneRow({ section, origin }: { section: Section; origin: readonly number[] }) {
  const axis = AXES.indexOf(section.kind as "x");
  const name = section.kind === "face" ? (section.of ?? t("face")) : section.kind.toUpperCase();
  const label = t("sectionPlane", { name });
  const direction = axis < 0 ? scale(section.normal, -1) : (AXES.map((_, k) => (k === axis ? 1 : 0)) as unknown as Vec);
  const value = dot(section.at, direction) + (origin[axis] ?? 0);
  return (
    <>
      <Metres
        label={label}
        value={value}
        onValue={(wanted) =>
          changeSection(section.id, (one) => moved(one, (wanted - value) * dot(direction, one.normal)))
        }
      />
      <div class="actions">
        <button type="button" onClick={() => changeSection(section.id, turned)}>
          {t("otherSide")}
        </button>
        <button type="button" aria-label={`${t("remove")}${colon()}${label}`} onClick={() => removeSection(section.id)}>
          {t("remove")}
        </button>
      </div>
    </>
  );
}

/** A length to type, metres; what cannot be read changes nothing. */
export function Metres({ label, value, onValue }: { label: string; value: number; onValue: (value: number) => void }) {
  return (
    <label class="stack small">
      {label}
      <span class="unit">
        <input
          type="number"
          step={0.05}
          value={value.toFixed(3)}
          onChange={(e) => {
            const typed = e.currentTarget.valueAsNumber;
            if (Number.isFinite(typed)) onValue(typed);
            else e.currentTarget.value = value.toFixed(3);
          }}
        />{" "}
        m
      </span>
    </label>
  );
}

/** Return the box of everything that has a shape, metres in the scene's frame. */
function wholeOf(work: Workspace): { min: number[]; max: number[] } {
  const boxes = work.scene?.box_mm;
  const end = (side: "min" | "max", pick: (one: number, other: number) => number, from: number) =>
    AXES.map(
      (axis) =>
        (boxes?.[`${side}_${axis}`] ?? []).reduce<number>((best, v) => (v === null ? best : pick(best, v)), from) /
        1000,
    );
  return { min: end("min", Math.min, Number.POSITIVE_INFINITY), max: end("max", Math.max, Number.NEGATIVE_INFINITY) };
}
