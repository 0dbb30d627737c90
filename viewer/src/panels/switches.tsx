/** Language and colour scheme, remembered on the device. */
import { signal } from "@preact/signals";
import { language, speak, t } from "../core/i18n";

export type Theme = "light" | "dark";
export const theme = signal<Theme>(kept());

function kept(): Theme {
  const said = localStorage.getItem("qtems.theme");
  if (said === "light" || said === "dark") return said;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function dress(chosen: Theme): void {
  theme.value = chosen;
  localStorage.setItem("qtems.theme", chosen);
  document.documentElement.dataset["theme"] = chosen;
}

export function Switches() {
  return (
    <div class="switches">
      <button
        type="button"
        class="quiet"
        lang={language.value === "en" ? "zh" : "en"}
        onClick={() => speak(language.value === "en" ? "zh" : "en")}
      >
        {t("language")}
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={t("theme")}
        title={t("theme")}
        onClick={() => dress(theme.value === "dark" ? "light" : "dark")}
      >
        ◐
      </button>
    </div>
  );
}
