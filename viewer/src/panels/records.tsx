/** What people decide about an element: findings to confirm or dismiss, nonconformance records to raise and follow. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ElementRow } from "../core/elements";
import { colon, type Key, listed, t } from "../core/i18n";
import { delivered, outbox } from "../core/outbox";
import { type Offered, offeredIn, whoMay } from "../core/permits";
import { confirm, dismiss, draftOf, type ElementRecords, type Finding, recordsOf, unsent } from "../core/records";
import { Dialog } from "./dialog";
import { PartFailed, useLate } from "./late";
import { useReturn } from "./notices";
import { RaiseForm } from "./raise";
import { told } from "./sign-in";
import { Pending } from "./sync";

const MOST_PICTURES = 4;
const DONE: ReadonlySet<string> = new Set(["closed", "void", "rejected"]);

export function Records({ project, row }: { project: string; row: ElementRow }) {
  const [all, setAll] = useState<ElementRecords | null>(null);
  const [fault, setFault] = useState("");
  const [shown, setShown] = useState("");
  const [raising, setRaising] = useState(false);
  const [drafted, setDrafted] = useState("");
  const [offered, setOffered] = useState<Offered | null>(null);
  const [answered, setAnswered] = useState(false); // whatever the answer was: from then on what stands here stays in its place
  useEffect(() => {
    let latest = true;
    void offeredIn(project).then((found) => latest && setOffered(() => found));
    return () => {
      latest = false;
    };
  }, [project]);

  const asked = useRef(0);
  const here = useRef("");
  here.current = row.globalId;
  const load = () => {
    asked.current += 1;
    const mine = asked.current;
    setFault("");
    recordsOf(project, row.globalId)
      .then((found) => mine === asked.current && setAll(found))
      .catch((error) => mine === asked.current && setFault(told(error)))
      .finally(() => mine === asked.current && setAnswered(true));
  };
  useEffect(() => {
    setAll(null);
    setAnswered(false);
    setDrafted("");
  }, [project, row.globalId]);
  useEffect(load, [project, row.globalId, delivered.value]);

  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  useReturn(() => {
    setGone(new Set());
    if (fault) load();
  });
  const pictures = (all?.pictures ?? []).filter((one) => !gone.has(one.url)).slice(0, MOST_PICTURES);

  async function decide(work: () => Promise<unknown>) {
    setFault("");
    try {
      await work();
      load();
    } catch (error) {
      setFault(told(error));
    }
  }

  /** Make the draft, say so, and open it: what comes next is its own to say. */
  async function draft(finding: Finding) {
    const before = new Set(all?.ncrs.map((one) => one.id));
    if ((await confirm(project, finding)) === "waiting") return;
    const found = await recordsOf(project, row.globalId);
    if (here.current !== row.globalId) return;
    setAll(found);
    const made = found.ncrs.find((one) => !before.has(one.id));
    if (!made) return;
    setDrafted(t("drafted", { title: made.title }));
    setShown(made.id);
  }

  const triages = offered?.("finding.triage") ?? null;
  const open = all?.ncrs.filter((one) => !DONE.has(one.state)) ?? [];
  const finding = triages ? undefined : all?.findings[0]; // who decides on it makes a record of it there
  return (
    <section class="records">
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {all && all.findings.length > 0 && <h3>{t("finding")}</h3>}
      {all?.findings.map((one) => (
        <FindingCard
          key={one.id}
          finding={one}
          mine={triages}
          known={open.map((record) => record.number || `${t("draft")}${colon()}${record.title}`)}
          onConfirm={() => decide(() => draft(one))}
          onDismiss={(reason) =>
            decide(async () => {
              if ((await dismiss(project, one, reason)) === "sent") setDrafted(t("dismissedNow"));
            })
          }
        />
      ))}
      {pictures.length > 0 && <h3>{t("pictures")}</h3>}
      <div class="pictures">
        {pictures.map((one) => (
          <figure key={one.url}>
            <a href={one.url} target="_blank" rel="noopener">
              <img
                src={one.url}
                alt={t("pictureOf", { what: said("cause", one.kind), name: row.name || row.globalId })}
                loading="lazy"
                onError={() => setGone((before) => new Set([...before, one.url]))}
              />
            </a>
            <figcaption class="dim small">
              {said("cause", one.kind)} · {one.raisedAt.slice(0, 10)}
            </figcaption>
          </figure>
        ))}
      </div>
      <h3>{t("ncrs")}</h3>
      <Pending about={`element:${row.globalId}`} />
      <p role="status" class={drafted ? "hint" : ""}>
        {drafted && `✓ ${drafted}`}
      </p>
      <ul class="plain">
        {all?.ncrs.map((ncr) => (
          <li key={ncr.id}>
            <button type="button" class="line" onClick={() => setShown(ncr.id)}>
              <strong>{ncr.number || t("draft")}</strong>
              <span>{ncr.title}</span>
              {(ncr.number || ncr.state !== "draft") && <span class="tag">{said("ncr", ncr.state)}</span>}
            </button>
          </li>
        ))}
      </ul>
      {answered && offered?.("ncr.raise") && (
        <button type="button" class="wide" onClick={() => setRaising(true)}>
          {t(triages && (open.length > 0 || (all && all.findings.length > 0)) ? "raiseAnother" : "raiseNcr")}
        </button>
      )}
      {raising && (
        <RaiseForm
          project={project}
          row={row}
          {...(finding ? draftOf(finding, row) : {})}
          onEnd={(made) => {
            setRaising(false);
            if (made) load();
          }}
        />
      )}
      {shown && (
        <NcrCard
          project={project}
          id={shown}
          onEnd={() => {
            setShown("");
            load();
          }}
        />
      )}
    </section>
  );
}

interface Found {
  finding: Finding;
  /** Whether who looks may decide it; null while that is not known. */
  mine: boolean | null;
  /** Records about the element that are not done. */
  known: readonly string[];
  onConfirm: () => void;
  onDismiss: (reason: string) => void;
}

function FindingCard(asked: Found) {
  const { finding } = asked;
  const name = `dismiss.${finding.id}`;
  const [reason, setReason] = useState(unsent.read(name));
  const [asking, setAsking] = useState(reason !== "");
  const decided = outbox.value.some((one) => one.about === `finding:${finding.id}`);
  return (
    <div class="box">
      <div class="between">
        <strong>{said("cause", finding.kind)}</strong>
        <span class="tag">{said("severity", finding.severity)}</span>
      </div>
      {finding.global_ids.length > 1 && (
        <p class="dim small">{t("withOthers", { n: finding.global_ids.length - 1 })}</p>
      )}
      {asked.known.length > 0 && <p class="small">{t("aboutAlready", { what: listed(asked.known) })}</p>}
      {decided ? (
        <Pending about={`finding:${finding.id}`} />
      ) : asked.mine === null ? null : !asked.mine ? (
        <p class="dim small">{t("findingNot", { who: listed(whoMay("finding.triage").map(roleSaid)) })}</p>
      ) : asking ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            asked.onDismiss(reason);
          }}
        >
          <label class="stack">
            {t("reason")}
            <textarea
              required
              rows={2}
              value={reason}
              onInput={(e) => {
                setReason(e.currentTarget.value);
                unsent.keep(name, e.currentTarget.value);
              }}
            />
          </label>
          <div class="actions">
            <button type="submit" class="primary">
              {t("dismiss")}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              {t("cancel")}
            </button>
          </div>
        </form>
      ) : (
        <div class="actions">
          {finding.may.includes("confirm") && (
            <button type="button" class="primary" onClick={asked.onConfirm}>
              {t("confirm")}
            </button>
          )}
          {finding.may.includes("dismiss") && (
            <button type="button" onClick={() => setAsking(true)}>
              {t("dismiss")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** One nonconformance record over everything; fetched when one is first opened. */
export function NcrCard(asked: { project: string; id: string; onEnd: () => void }) {
  const { shown: Card, again } = useLate("ncr", async () => (await import("./ncr-card")).NcrCard);
  if (Card) return <Card {...asked} />;
  return (
    again && (
      <Dialog title={t("ncrs")} onEnd={asked.onEnd}>
        <PartFailed again={again} />
      </Dialog>
    )
  );
}

const roleSaid = (role: string) => t(`role.${role}` as Key);

/** Return the word for a machine's word of records. */
function said(kind: "ncr" | "severity" | "cause", value: string): string {
  return t(`${kind}.${value}` as Key);
}
