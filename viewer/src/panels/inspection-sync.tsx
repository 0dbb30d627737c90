import { t } from "../core/i18n";
import { aboutOf, waitsHere } from "../core/inspection";
import { waitsForSignature } from "../core/to-sign";

/** How an inspection's changes stand between this device and the server. */
export function Sync({ id }: { id: string }) {
  const { waiting, failed } = waitsHere(id);
  const toSign = waitsForSignature(aboutOf(id));
  if (waiting + failed === 0 && !toSign) return null;
  return (
    <span class="tags small">
      {waiting > 0 && <span class="tag waiting">⇡ {t("waitsHere", { n: waiting })}</span>}
      {failed > 0 && <span class="tag failed">! {t("refusedHere", { n: failed })}</span>}
      {toSign && <span class="tag">✎ {t("toSignTag")}</span>}
    </span>
  );
}
