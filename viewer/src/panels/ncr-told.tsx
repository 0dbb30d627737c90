/** What is known of a nonconformance record: what is wrong, what was decided and proven, what it cost. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { bracketed, colon, listed, t, word } from "../core/i18n";
import { recordedText } from "../core/limits";
import { fileOf, type Line, type Ncr, quantitySaid, standingOf } from "../core/ncr";
import { select, workspace } from "../core/state";
import { characteristic, source } from "../core/terms";
import { when } from "./fields";
import { Sign } from "./table";

export const Names = createContext({
  elements: (globalId: string) => globalId,
  people: new Map<string, string>(),
});

export function Wrong({ project, ncr, onShow }: { project: string; ncr: Ncr; onShow: () => void }) {
  const { record } = ncr;
  const { elements } = useContext(Names);
  return (
    <>
      {record.description && <p class="said">{record.description}</p>}
      <ul class="plain">
        {record.violations.map((one) => (
          <li key={`${one.global_id}${one.part_id}${one.direction}${one.requirement.characteristic}`} class="box">
            <div class="between">
              <strong>
                <Sign verdict="fail" /> {characteristic(one.requirement.characteristic)}
                {one.part && `${colon()}${one.part}`}
              </strong>
              <span class="number">{recordedText(one)[0]}</span>
            </div>
            <p class="dim small">
              {t("limits")} {recordedText(one)[1]} · {source(one.requirement.clause)}
            </p>
          </li>
        ))}
      </ul>
      <div class="tags">
        {record.global_ids.slice(0, 12).map((one) => (
          <button
            key={one}
            type="button"
            title={one}
            onClick={() => {
              select(one);
              onShow();
            }}
          >
            {elements(one)}
          </button>
        ))}
        {record.global_ids.length > 12 && <span class="dim">+{record.global_ids.length - 12}</span>}
        {record.lot && <span class="tag">{record.lot}</span>}
      </div>
      {record.containment && (
        <p class="small">
          {word("contain", record.containment.kind)}
          {colon()}
          {record.containment.place}
          {record.containment.tag && ` · “${record.containment.tag}”`}
          <br />
          <span class="dim">
            {record.containment.by.name}, {when(record.containment.at)} · {record.containment.affected_query}
          </span>
        </p>
      )}
      {record.evidence.length > 0 && (
        <>
          <h3>{t("evidence")}</h3>
          <ul class="gallery">
            {record.evidence.map((one) => (
              <li key={one.sha256}>
                <a href={fileOf(project, ncr.id, one.sha256)} target="_blank" rel="noreferrer">
                  {one.kind === "picture" ? (
                    <img
                      src={fileOf(project, ncr.id, one.sha256)}
                      alt={one.description || t("evidence")}
                      loading="lazy"
                    />
                  ) : (
                    <span class="paper">{one.description || word("file", one.kind)}</span>
                  )}
                </a>
                <span class="dim small">{word("file", one.kind)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What is decided, and whose signatures it has: those that hold and those that a change took away. */
export function Decided({ ncr }: { ncr: Ncr }) {
  const { record } = ncr;
  const holds = new Set(ncr.signed_by);
  const open = ncr.signs_as.filter(
    (capacity) => !record.signatures.some((one) => one.role === capacity && holds.has(one.signer)),
  );
  const settled = !["contained", "under_review"].includes(record.state);
  return (
    <>
      <LinesSaid ncr={ncr} />
      <h3>{t("signaturesNeeded")}</h3>
      <ul class="plain small">
        {record.signatures.map((one) => (
          <li key={`${one.signer}${one.signed_at}`}>
            <span aria-hidden="true">{holds.has(one.signer) ? "✓" : "✕"}</span>{" "}
            {t("signedBy", {
              name: one.signer_name,
              role: word("capacity", one.role),
              when: when(one.signed_at),
              meaning: word("meaning", one.meaning),
            })}{" "}
            <span class="dim">{bracketed(t(holds.has(one.signer) ? "signatureHolds" : "signatureStale"))}</span>
          </li>
        ))}
        {!settled &&
          open.map((capacity) => {
            const seat = record.roster.find((one) => one.capacity === capacity);
            return (
              <li key={capacity}>
                ○ {word("capacity", capacity)}
                {seat && `, ${seat.name}`}
                {colon()}
                <span class="dim">{t("signatureMissing")}</span>
              </li>
            );
          })}
      </ul>
      {record.history.map((one, n) => (
        <p key={one.at} class="dim small">
          {t("cycle", { n: n + 1, ended: word("ended", one.ended), why: one.reason })}
        </p>
      ))}
    </>
  );
}

/** What is decided, line by line. */
export function LinesSaid({ ncr: { record } }: { ncr: Ncr }) {
  return (
    <ul class="plain">
      {record.lines.map((one) => (
        <li key={one.id} class="box">
          <LineSaid line={one} unit={record.unit} />
        </li>
      ))}
    </ul>
  );
}

function LineSaid({ line, unit }: { line: Line; unit: string }) {
  const { elements } = useContext(Names);
  const more = [line.instruction, line.repair_criteria, line.new_identity, line.scar].filter(Boolean);
  return (
    <>
      <div class="between">
        <strong>{word("decision", line.decision)}</strong>
        <span class="number">{quantitySaid(line.quantity, unit)}</span>
      </div>
      <p class="small">{line.justification}</p>
      <p class="dim small">
        {[listed(line.global_ids.map(elements)), ...more].filter(Boolean).join(" · ")}
        {line.concession &&
          ` · ${t("concessionUntil")} ${line.concession.expires_at.slice(0, 10)} ${line.concession.reference}`}
      </p>
    </>
  );
}

/** Which re-inspection counts, and what each said. */
export function Proven({ ncr }: { ncr: Ncr }) {
  const { record } = ncr;
  const { elements } = useContext(Names);
  const scans = workspace.value.kind === "ready" ? workspace.value.value.scans : [];
  return (
    <>
      {record.corrected_at && (
        <p class="small">
          {t("finishedAt")}
          {colon()}
          {when(record.corrected_at)}
        </p>
      )}
      <ul class="plain">
        {[...record.rechecks].reverse().map((one) => {
          const standing = standingOf(record, one);
          const scan = scans.find((each) => each.captured_at === one.captured_at);
          const source = t(one.source === "check_run" ? "recheckCheck" : "recheckInspection", {
            name: scan?.name ?? "",
          });
          return (
            <li key={one.id} class={standing === "counts" ? "box counts" : "box"}>
              <div class="between">
                <span>{t("recheckAt", { source, when: when(one.captured_at) })}</span>
                <span class="tag">
                  {standing === "counts" && "✓ "}
                  {t(standing === "counts" ? "recheckCounts" : standing === "early" ? "recheckEarly" : "recheckOlder")}
                </span>
              </div>
              {one.outcomes.map((outcome) => (
                <div key={outcome.about} class="small">
                  <Sign verdict={outcome.verdict} /> {elements(outcome.about)}
                  {colon()}
                  {word("verdict", outcome.verdict)}
                  {outcome.criteria.map((each) => (
                    <div key={each.requirement.characteristic + each.requirement.clause} class="dim">
                      {characteristic(each.requirement.characteristic)}
                      {colon()}
                      {word("verdict", each.verdict)}
                    </div>
                  ))}
                </div>
              ))}
            </li>
          );
        })}
        {record.proofs.map((one) => {
          const line = record.lines.find((each) => each.id === one.line);
          return (
            <li key={`${one.line}${one.verified_at}`} class="box small">
              <Sign verdict={one.verdict} /> {line && word("decision", line.decision)} · {one.verified_by.name},{" "}
              {when(one.verified_at)}
              <p class="dim">
                {[
                  one.as_built_record,
                  one.marking,
                  one.counted,
                  one.new_identity,
                  one.traceability,
                  one.shipping_record,
                  one.debit_note,
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </li>
          );
        })}
      </ul>
      {record.closing && (
        <p class="small">
          ✓{" "}
          {t("signedBy", {
            name: record.closing.signer_name,
            role: word("capacity", record.closing.role),
            when: when(record.closing.signed_at),
            meaning: t("meansClosing"),
          })}
        </p>
      )}
    </>
  );
}

export function Settled({ ncr }: { ncr: Ncr }) {
  const { capa, notice } = ncr.record;
  const cost = Object.entries(ncr.cost_total).map(([currency, much]) => `${much} ${currency}`);
  return (
    <>
      {capa && (
        <p class="small">
          {t("capaDecision", { what: t(capa.needed ? "needed" : "notNeeded") })} · {capa.reason}
        </p>
      )}
      {cost.length > 0 && <p class="small">{t("costIs", { what: listed(cost) })}</p>}
      {notice && <p class="small">{t("customerTold", { what: notice.reference })}</p>}
    </>
  );
}
