/** The viewer as one script, for a 3D report in a folder: no server, no sign-in, nothing to decide. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "./core/client";
import { byScript, type FolderCheck, fileName, folderSource, listen, ONLY } from "./core/folder";
import { language, speak, t, word } from "./core/i18n";
import { place, stay } from "./core/route";
import { takeFrom } from "./core/source";
import { restore, saysMore } from "./core/view-state";
import { Project } from "./panels/project";
import { dress, Switches, theme } from "./panels/switches";
import "./styles/index.css";

function Folder() {
  const [check, setCheck] = useState<FolderCheck | null>(null);
  useEffect(() => void get<FolderCheck>(`/projects/${ONLY.project}/folder`).then(setCheck), []);
  return (
    <div class="shell inside">
      <header class="top">
        <span class="home">qtems</span>
        <h1 class="title">{check && fileName(check.provenance.model_path)}</h1>
        {check && <About check={check} />}
        <span class="grow" />
        <div>
          {/* not where a phone puts them away: there is no menu here */}
          <Switches />
        </div>
      </header>
      {place.value.project && <Project />}
    </div>
  );
}

function About({ check }: { check: FolderCheck }) {
  const { provenance, registration, points, points_shown: shown } = check;
  const rows: [string, string][] = [
    [t("model"), fileName(provenance.model_path)],
    [t("epoch"), provenance.scans.map((one) => fileName(one.path)).join(", ")],
    [t("tolerance"), check.tolerance === "default" ? t("limits.default") : check.tolerance],
    [t("pointsShown"), t("shown", { n: shown.toLocaleString(), total: points.toLocaleString() })],
    [t("registration"), `${word("pose", registration.method)} · ${registration.rmse_m === null ? "–" : (1000 * registration.rmse_m).toFixed(1)} mm`],
    ["qtems", provenance.version],
    ["SHA-256", provenance.model_sha256.slice(0, 16)],
  ]; // biome-ignore format: a row a line
  return (
    <details class="about">
      <summary class="chip">{t("aboutCheck")}</summary>
      <div class="about-card">
        <dl class="facts">
          {rows.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}:`}>{value}</dd>])}
        </dl>
        {check.notes.length > 0 && (
          <ul class="small" lang="en">
            {check.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </div>
    </details>
  );
}

listen();
takeFrom(folderSource(byScript));
const asked = location.hash.slice(1);
stay(ONLY.project);
if (saysMore(asked)) restore(asked);
const chosen = localStorage.getItem("qtems.language") !== null;
speak(!chosen && document.body.dataset["language"] === "zh-CN" ? "zh" : language.value);
dress(theme.value);
const root = document.getElementById("app");
if (root) render(<Folder />, root);
