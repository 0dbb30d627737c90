/** Scans of one visit that are taken in: the files, when they were captured, and with what. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type Campaign, lackOf, NO_CAMPAIGN, SCANS, scanOrder, sizeSaid, unusable } from "../core/begin";
import { ask } from "../core/client";
import { serverNow } from "../core/connection";
import { t } from "../core/i18n";
import type { Job } from "../core/ordering";
import { begin } from "../core/tasks";
import { Drop } from "./drop";
import { Amount, Text, useKept } from "./fields";

/** Files that are chosen and not sent, by project: the page that they were chosen on may make room for another. */
const chosen = signal<ReadonlyMap<string, readonly File[]>>(new Map());

export function ScanIn({ project }: { project: string }) {
  const files = chosen.value.get(project) ?? [];
  const setFiles = (all: readonly File[]) => {
    chosen.value = new Map([...chosen.value, [project, all]]);
  };
  const [fault, setFault] = useState("");
  const { value, set, forget } = useKept(`scan.${project}`, NO_CAMPAIGN);

  function take(more: File[]): void {
    const formats = SCANS.join(" ");
    const wrong = more.flatMap((one) => {
      const why = unusable(one, "scan");
      return why ? [t(`unusable.${why}`, { name: one.name, formats })] : [];
    });
    setFault(wrong.join(" "));
    const fresh = more.filter((one) => !unusable(one, "scan"));
    setFiles([...files, ...fresh.filter((one) => !files.some((other) => isSame(one, other)))]);
  }

  function send(event: Event): void {
    event.preventDefault();
    const lack = lackOf(value, serverNow());
    setFault(lack ? t(`lack.${lack}`) : "");
    if (lack) return;
    const given = { ...value };
    begin({ project, kind: "import_scans", title: given.name.trim(), files }, (uploads, key) =>
      ask<Job>("POST", `/projects/${project}/scans`, { body: scanOrder(given, uploads), key }),
    );
    setFiles([]);
    forget();
  }

  return (
    <>
      <Drop
        name="scans"
        many
        label={t("scanPick")}
        hint={`${t("scanPickHint")} ${SCANS.slice(0, 3).join(" ")} …`}
        take={take}
      />
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {files.length > 0 && (
        <form class="stack" onSubmit={send}>
          <ul class="plain">
            {files.map((file) => (
              <li key={`${file.name} ${file.size}`} class="between">
                <span class="name">{t("scanSize", { name: file.name, size: sizeSaid(file.size) })}</span>
                <button
                  type="button"
                  class="quiet"
                  aria-label={t("scanLeaveOut", { name: file.name })}
                  onClick={() => setFiles(files.filter((one) => one !== file))}
                >
                  ✕
                </button>
              </li>
            ))}
          </ul>
          <Text
            label={t("scanName")}
            name="scan-name"
            required
            placeholder={t("scanNameFor")}
            value={value.name}
            onValue={(name) => set({ name })}
          />
          <Text
            label={t("scanWhen")}
            name="captured"
            type="datetime-local"
            required
            value={value.captured}
            onValue={(captured) => set({ captured })}
          />
          <Instrument value={value} set={set} />
          <button type="submit" class="primary">
            {t("takeIn")}
          </button>
        </form>
      )}
    </>
  );
}

const isSame = (one: File, other: File): boolean =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

function Instrument({ value, set }: { value: Campaign; set: (change: Partial<Campaign>) => void }) {
  return (
    <details class="box">
      <summary>{t("instrumentUsed")}</summary>
      <div class="stack">
        <p class="small dim">{t("instrumentHint")}</p>
        <Text label={t("scannerKind")} value={value.kind} onValue={(kind) => set({ kind })} />
        <Text label={t("instrumentSerial")} value={value.serial} onValue={(serial) => set({ serial })} />
        <Text label={t("calibratedOn")} type="date" value={value.from} onValue={(from) => set({ from })} />
        <Text label={t("calibratedUntil")} type="date" value={value.until} onValue={(until) => set({ until })} />
        <Amount label={t("scannerU")} value={value.uncertainty} onValue={(uncertainty) => set({ uncertainty })} />
      </div>
    </details>
  );
}
