/** A check that is asked for: of which revision and scan, by which tolerances, and where the scan lies. */

import { useState } from "preact/hooks";
import { type CheckFiles, checkOrder, isAskable, STANDARDS, type Wanted } from "../core/begin";
import { ask, type Schemas } from "../core/client";
import { language, t } from "../core/i18n";
import type { Job } from "../core/ordering";
import { may, type Role } from "../core/permits";
import { begin } from "../core/tasks";
import { Amount, Choice, Prose, Tick } from "./fields";
import { FileChoice } from "./file-choice";

/** What a project has, and what whoever looks at it is there. */
export interface Stock {
  project: Schemas["ProjectOut"];
  models: Schemas["ModelOut"][];
  scans: Schemas["ScanOut"][];
  checks: Schemas["CheckOut"][];
  role: Role | null;
}

const PLAIN: Wanted = {
  revision: "",
  epoch: "",
  limits: STANDARDS[0],
  mm: "",
  pose: "auto",
  counts: false,
  reason: "",
};

const POSES = ["auto", "given", "file"] as const;

export function CheckRun({ project, stock, epoch }: { project: string; stock: Stock; epoch: string }) {
  const [set, setSet] = useState<Wanted>(PLAIN);
  const [limits, setLimits] = useState<File | null>(null);
  const [pose, setPose] = useState<File | null>(null);
  const [fault, setFault] = useState("");
  const change = (told: Partial<Wanted>) => setSet((before) => ({ ...before, ...told }));
  const models = [...stock.models].sort((a, b) => b.number - a.number);
  const scans = [...stock.scans].sort((a, b) => b.captured_at.localeCompare(a.captured_at));
  const wanted: Wanted = {
    ...set,
    revision: set.revision || (models[0]?.id ?? ""),
    epoch: set.epoch || (scans.find((one) => one.id === epoch) ?? scans[0])?.id || "",
  };
  const counting = stock.checks.some((one) => one.epoch === wanted.epoch && one.counts);
  const asked = { ...wanted, counts: wanted.counts && counting };
  const lacks = (asked.limits === "file" && !limits) || (asked.pose === "file" && !pose);

  function start(event: Event): void {
    event.preventDefault();
    const wrong = asked.limits === "mm" && !isAskable({ ...asked, counts: false });
    const short = lacks || !isAskable(asked);
    setFault(wrong ? t("checkLack.mm") : short ? t("checkLack.rest") : "");
    if (wrong || short) return;
    const files = [asked.limits === "file" ? limits : null, asked.pose === "file" ? pose : null];
    const title = scans.find((one) => one.id === asked.epoch)?.name ?? "";
    const lang = language.value;
    begin(
      { project, kind: "run_check", title, files: files.filter((one): one is File => one !== null) },
      (uploads, key) => {
        const left = [...uploads];
        const sent: CheckFiles = {};
        if (files[0]) sent.tolerances = left.shift() ?? "";
        if (files[1]) sent.registration_file = left.shift() ?? "";
        return ask<Job>("POST", `/projects/${project}/checks`, { body: checkOrder(asked, sent, lang), key });
      },
    );
  }

  return (
    <form class="stack" onSubmit={start}>
      <Choice
        label={t("checkRevision")}
        value={wanted.revision}
        onValue={(revision) => change({ revision })}
        options={models.map((one) => [one.id, `${one.number} · ${one.file_name}`] as const)}
      />
      <Choice
        label={t("checkEpoch")}
        value={wanted.epoch}
        onValue={(chosen) => change({ epoch: chosen })}
        options={scans.map((one) => [one.id, `${one.name} · ${one.captured_at.slice(0, 10)}`] as const)}
      />
      <Choice
        label={t("checkLimits")}
        value={wanted.limits}
        onValue={(told) => change({ limits: told })}
        options={[
          ["default", t("limits.default")],
          ...STANDARDS.slice(1).map((one) => [one, one] as const),
          ["mm", t("limits.mm")],
          ["file", t("limits.file")],
        ]}
      />
      {wanted.limits === "mm" && (
        <Amount label={t("limitsMm")} required value={wanted.mm} onValue={(mm) => change({ mm })} />
      )}
      {wanted.limits === "file" && <FileChoice label={t("limitsFile")} required onFile={setLimits} />}
      <Choice
        label={t("checkPose")}
        value={wanted.pose}
        onValue={(told) => change({ pose: told as Wanted["pose"] })}
        options={POSES.map((one) => [one, t(`pose.${one}`)] as const)}
      />
      {wanted.pose === "file" && <FileChoice label={t("poseFile")} required onFile={setPose} />}
      {counting && <p class="small dim">{t("checkCountsAlready")}</p>}
      {counting && may(stock.role, "check.decide") && (
        <>
          <Tick label={t("checkCountsInstead")} value={wanted.counts} onValue={(counts) => change({ counts })} />
          {asked.counts && (
            <Prose label={t("reason")} required value={wanted.reason} onValue={(reason) => change({ reason })} />
          )}
        </>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <button type="submit" class="primary">
        {t("checkRun")}
      </button>
    </form>
  );
}
