/** What the check left to download. */
import { ROOT } from "../core/client";
import { type Key, t } from "../core/i18n";
import type { Workspace } from "../core/state";

const KINDS: Record<string, Key> = {
  "report.html": "fileHtml",
  "report.pdf": "filePdf",
  "report.xlsx": "fileXlsx",
  "report-2.1.bcf": "fileBcf",
  "report-3.0.bcf": "fileBcf",
  "model.glb": "fileGlb",
  "deviation.laz": "fileCloud",
  "deviation.ply": "fileCloud",
  "report.json": "fileJson",
};

export function Reports({ work }: { work: Workspace }) {
  const check = work.check;
  if (!check) return <p class="empty">{t("noEpoch")}</p>;
  const order = Object.keys(KINDS);
  const names = [...check.files.map((one) => one.name), "report.json"];
  const listed = [...new Set(names)].sort((one, other) => order.indexOf(one) - order.indexOf(other));
  return (
    <ul class="plain">
      {listed.map((name) => (
        <li key={name}>
          <a
            class="line download"
            href={`${ROOT}/projects/${work.project.id}/checks/${check.id}/files/${name}`}
            download={name}
          >
            <strong>{name}</strong>
            <span class="dim small">{KINDS[name] ? t(KINDS[name]) : ""}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
