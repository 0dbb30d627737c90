/** Walking: how to, how fast, and whether one falls. */
import { t } from "../core/i18n";
import { mode } from "../core/mode";
import type { Workspace } from "../core/state";
import { falls, speed } from "../core/walk";

export function WalkPanel(_: { work: Workspace }) {
  return (
    <div class="stack">
      <p class="hint">{t("walkHow")}</p>
      <label class="inline">
        {t("walkSpeed")}
        <select
          value={speed.value}
          onChange={(e) => {
            speed.value = Number(e.currentTarget.value);
          }}
        >
          {[0.7, 1.4, 3, 6].map((one) => (
            <option key={one} value={one}>{`${one} m/s`}</option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={falls.value}
          onChange={(e) => {
            falls.value = e.currentTarget.checked;
          }}
        />
        {t("walkFalls")}
      </label>
      <button
        type="button"
        onClick={() => {
          mode.value = "";
        }}
      >
        {t("walkEnd")}
      </button>
    </div>
  );
}
