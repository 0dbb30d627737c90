/** What every check said of an element, the latest scan first: where it comes from, and what people stated beside it. */

import { useEffect, useState } from "preact/hooks";
import { type Schemas, whole } from "../core/client";
import { connected } from "../core/connection";
import { t, word } from "../core/i18n";
import type { Workspace } from "../core/state";
import { explained, when } from "./fields";
import { useLate } from "./late";
import { useReturn } from "./notices";
import { Sign } from "./table";

export function ElementHistory({ work, globalId }: { work: Workspace; globalId: string }) {
  const [all, setAll] = useState<Schemas["ElementOut"][]>([]);
  const [fault, setFault] = useState("");
  const [round, setRound] = useState(0);
  useReturn(() => fault && setRound(round + 1));
  useEffect(() => {
    let latest = true;
    setFault("");
    whole<Schemas["ElementOut"]>(`/projects/${work.project.id}/elements/${encodeURIComponent(globalId)}/history`)
      .then((found) => latest && setAll(found))
      .catch((error) => latest && setFault(explained(error)));
    return () => {
      latest = false;
    };
  }, [work.project.id, globalId, round]);
  const several = new Set(all.filter((one) => one.counts).map((one) => one.epoch)).size > 1;
  const { shown: Trend } = useLate("trend", several ? async () => (await import("./trend")).Trend : null);
  if (fault && !connected.value) return <p class="dim small">{t("historyLater")}</p>;
  if (fault) return <p class="fault">{fault}</p>;
  if (all.length === 0) return null;
  return (
    <section class="stack">
      {several && Trend && <Trend work={work} globalId={globalId} />}
      <h3>{t("history")}</h3>
      <ol class="trail">
        {[...all].reverse().map((one) => (
          <li key={one.check_run} aria-current={one.check_run === work.check?.id ? "true" : undefined}>
            <Sign verdict={one.verdict} /> {word("verdict", one.verdict)} · {word("status", one.state)}
            {one.override && <b> · ✎ {t("statedIs", { what: word("verdict", one.override) })}</b>}
            <div class="dim small">
              {work.scans.find((scan) => scan.id === one.epoch)?.name ?? ""} · {when(one.captured_at)}
              {!one.counts && ` · ${t("forInformation")}`}
              {one.stale && ` · ${t("fromBefore")}`}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
