/** The inspections that an element is part of. */
import { t } from "../core/i18n";
import { inspectionsOf } from "../core/inspection";
import { delivered } from "../core/outbox";
import { useAsked } from "./asked";
import { InspectionCard } from "./inspections";

export function ElementInspections({ project, globalId }: { project: string; globalId: string }) {
  const [asked] = useAsked(() => inspectionsOf(project, globalId), [project, globalId, delivered.value]);
  if (asked.kind !== "ready" || asked.value.length === 0) return null;
  return (
    <section class="inspections" aria-label={t("inspectionsOf")}>
      <h3>{t("inspectionsOf")}</h3>
      <ul class="plain">
        {[...asked.value].reverse().map((one) => (
          <li key={one.id}>
            <InspectionCard one={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}
