/** A model that is taken in: chosen, and on its way at once. */
import { useState } from "preact/hooks";
import { MODELS, unusable } from "../core/begin";
import { ask, type Schemas } from "../core/client";
import { t } from "../core/i18n";
import type { Job } from "../core/ordering";
import { begin } from "../core/tasks";
import { Drop } from "./drop";

export function ModelIn({ project, models }: { project: string; models: readonly Schemas["ModelOut"][] }) {
  const [fault, setFault] = useState("");
  function take([file]: File[]): void {
    if (!file) return;
    const wrong = unusable(file, "model");
    setFault(wrong ? t(`unusable.${wrong}`, { name: file.name, formats: MODELS.join(" ") }) : "");
    if (wrong) return;
    begin({ project, kind: "import_model", title: file.name, files: [file] }, ([upload = ""], key) =>
      ask<Job>("POST", `/projects/${project}/models`, { body: { upload }, key }),
    );
  }
  return (
    <>
      <Drop
        name="model"
        label={t(models.length > 0 ? "modelPickAgain" : "modelPick")}
        hint={MODELS.join(" ")}
        take={take}
      />
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}
