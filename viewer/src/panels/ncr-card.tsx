/** One nonconformance record: where it is, what this person does next, and all that is known of it. */
import type { ComponentChildren } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../core/client";
import { connected } from "../core/connection";
import { bracketed, colon, listed, t, word } from "../core/i18n";
import { allMissing } from "../core/missing";
import { elementName } from "../core/named";
import {
  ableTo,
  forward,
  type Happening,
  historyOf,
  type Ncr,
  type NcrEvent,
  ncrOf,
  type Offer,
  offers,
  type Person,
  peopleOf,
  reasonSaid,
  stepOf,
  take,
  WAY,
} from "../core/ncr";
import { peopleChanged } from "../core/people";
import { whoMay } from "../core/permits";
import { unsent } from "../core/records";
import { signedNow, toSign } from "../core/to-sign";
import { Dialog } from "./dialog";
import { explained, when } from "./fields";
import { Files } from "./files";
import { StepForm } from "./ncr-forms";
import { keptAs } from "./ncr-step";
import { Decided, Names, Proven, Settled, Wrong } from "./ncr-told";
import { PeopleButton } from "./people";
import { Talk } from "./talk";

/** What others did while a form was open: the form keeps its input, this says what changed. */
interface Meanwhile {
  changes: Happening[];
  event: NcrEvent;
}

export function NcrCard({ project, id, onEnd }: { project: string; id: string; onEnd: () => void }) {
  const [ncr, setNcr] = useState<Ncr | null>(null);
  const [people, setPeople] = useState<Person[]>([]);
  const [fault, setFault] = useState("");
  const [meanwhile, setMeanwhile] = useState<Meanwhile | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    Promise.all([ncrOf(project, id), peopleOf(project)])
      .then(([one, all]) => {
        setNcr(one);
        setPeople(all);
      })
      .catch((error) => setFault(explained(error)));
  }, [project, id, peopleChanged.value]);

  useEffect(() => {
    // signed elsewhere, or decided otherwise: nobody is asked for it again
    for (const one of toSign.value)
      if (connected.value && ncr && one.record === `ncr:${id}` && !ncr.next.includes(one.event as NcrEvent))
        signedNow(one.record, one.event);
  }, [ncr, id]);

  const queue = useRef<Promise<Ncr | null>>(Promise.resolve(null));
  /** One after the other, each from what the one before left: two forms sent quickly are no conflict. */
  function send(event: NcrEvent, body?: unknown): Promise<void> {
    const sent = queue.current.then((before) => sendFrom(newer(before, ncr), event, body));
    queue.current = sent.catch(() => null);
    return sent.then(() => {});
  }

  async function sendFrom(seen: Ncr | null, event: NcrEvent, body: unknown): Promise<Ncr | null> {
    if (!seen) return null;
    try {
      const next = await take(project, seen, event, body);
      setNcr(next);
      setMeanwhile(null);
      setRound((n) => n + 1);
      return next;
    } catch (error) {
      if (error instanceof Problem && (error.status === 412 || error.kind === "illegal-transition")) {
        const [fresh, told] = await Promise.all([ncrOf(project, id), historyOf(project, id)]);
        setMeanwhile({ changes: told.filter((one) => one.version > seen.version), event });
        setNcr(fresh);
      }
      throw error;
    }
  }

  const record = ncr?.record;
  return (
    <Dialog title={record ? record.number || t("draft") : t("loading")} onEnd={onEnd}>
      {ncr && record && (
        <Names.Provider value={{ elements: elementName, people: new Map(people.map((one) => [one.user, one.name])) }}>
          <div class="ncr stack">
            <Head ncr={ncr} />
            <Way state={record.state} />
            {meanwhile && <Overtaken ncr={ncr} meanwhile={meanwhile} />}
            <Turn project={project} ncr={ncr} people={people} send={send} />
            <Fold title={t("whatIsWrong")} open>
              <Wrong project={project} ncr={ncr} onShow={onEnd} />
            </Fold>
            {(record.roster.length > 0 || record.lines.length > 0) && (
              <Fold title={t("decided")} open>
                <Decided ncr={ncr} />
              </Fold>
            )}
            {(record.corrected_at || record.rechecks.length > 0 || record.proofs.length > 0) && (
              <Fold title={t("proven")} open>
                <Proven ncr={ncr} />
              </Fold>
            )}
            {(record.capa || record.cost || record.notice) && (
              <Fold title={t("settled")}>
                <Settled ncr={ncr} />
              </Fold>
            )}
            <Fold title={t("photosFiles")}>
              <Files project={project} subject={`ncr:${id}`} may={!ncr.barred.add_evidence} />
            </Fold>
            <Fold title={t("comments")} open>
              <Talk project={project} subject={`ncr:${id}`} />
            </Fold>
            <Fold title={t("trail")}>
              <Trail project={project} id={id} round={round} />
              <a class="button" href={`/api/v1/projects/${project}/ncrs/${id}/export?format=pdf`}>
                {t("pdf")}
              </a>
            </Fold>
          </div>
        </Names.Provider>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </Dialog>
  );
}

function newer(one: Ncr | null, other: Ncr | null): Ncr | null {
  return (one?.version ?? 0) > (other?.version ?? 0) ? one : other;
}

function Fold({ title, open = false, children }: { title: string; open?: boolean; children: ComponentChildren }) {
  const [shown, setShown] = useState(open);
  return (
    <details class="fold" open={shown} onToggle={(e) => setShown(e.currentTarget.open)}>
      <summary>{title}</summary>
      {shown && <div class="stack">{children}</div>}
    </details>
  );
}

function Head({ ncr }: { ncr: Ncr }) {
  const { record } = ncr;
  const { people } = useContext(Names);
  return (
    <div class="stack">
      <strong>{record.title}</strong>
      <p class="tags">
        {(record.number || record.state !== "draft") && <span class="tag">{word("ncr", record.state)}</span>}
        <span class={`tag ${record.severity}`}>{word("severity", record.severity)}</span>
        {ncr.overdue && <span class="tag late">! {t("overdue")}</span>}
        {record.assignee && (
          <span class="tag">{t("assignedTo", { name: people.get(record.assignee) ?? record.assignee })}</span>
        )}
        {record.due && <span class="tag">{t("dueOn", { day: record.due })}</span>}
      </p>
    </div>
  );
}

/** The way of a record as steps, the present one marked. */
function Way({ state }: { state: string }) {
  const at = stepOf(state);
  if (at < 0) return null;
  return (
    <ol class="way" aria-label={t("progress")}>
      {WAY.map((one, n) => (
        <li key={one} class={n < at ? "past" : n === at ? "now" : ""} aria-current={n === at ? "step" : undefined}>
          <span aria-hidden="true">{n < at ? "✓" : n + 1}</span>
          <span class={n === at ? "" : "narrow"}>{word("ncr", n === at ? state : one)}</span>
        </li>
      ))}
    </ol>
  );
}

interface Turned {
  project: string;
  ncr: Ncr;
  people: readonly Person[];
  send: (event: NcrEvent, body?: unknown) => Promise<void>;
}

/** What this person does next; what they wait for; everything else they may do. */
function Turn(turned: Turned) {
  const { ncr } = turned;
  const { elements } = useContext(Names);
  const all = offers(ncr);
  const move = forward(ncr);
  const rest = all.filter((one) => !one.bar && !ncr.next.includes(one.event) && one.missing.length === 0);
  const barred = all.filter((one) => one.bar && one.bar !== "role");
  const kept = rest.find((one) => unsent.read(keptAs(ncr, one.event)) !== "");
  const [chosen, setChosen] = useState<string>(kept?.event ?? "");
  const step = { ...turned, name: elements };
  return (
    <section class="turn stack" aria-label={t("forYou")}>
      {ncr.next.length > 0 ? (
        <>
          <h3>{t("forYou")}</h3>
          {ncr.next.map((event) => (
            <div key={event} class="box next">
              {ncr.next.length > 1 || event !== "contain" ? <strong>{word("does", event)}</strong> : null}
              <StepForm {...step} event={event} />
            </div>
          ))}
        </>
      ) : (
        move && <Waiting {...turned} move={move} />
      )}
      {ncr.next.length > 0 && move && move.missing.length > 0 && (
        <p class="dim small">
          {word("does", move.event)}
          {colon()}
          {t("needs", { what: allMissing(move.missing) })}
        </p>
      )}
      {rest.length > 0 && (
        <details class="fold" open={chosen !== ""}>
          <summary>{t("moreSteps")}</summary>
          <div class="stack">
            <label class="stack">
              {t("chooseStep")}
              <select value={chosen} onChange={(e) => setChosen(e.currentTarget.value)}>
                <option value="">–</option>
                {rest.map((one) => (
                  <option key={one.event} value={one.event}>
                    {word("does", one.event)}
                  </option>
                ))}
              </select>
            </label>
            {rest.some((one) => one.event === chosen) && <StepForm key={chosen} {...step} event={chosen as NcrEvent} />}
          </div>
        </details>
      )}
      {barred.length > 0 && (
        <p class="dim small">
          {t("notYours", {
            what: barred.map((one) => `${word("does", one.event)}${bracketed(word("bar", one.bar))}`).join(t("comma")),
          })}
        </p>
      )}
    </section>
  );
}

/** What others do next, and who they are; where nobody can, what they would have to be, and where people are taken in. */
function Waiting({ move, ncr, people, project }: Turned & { move: Offer }) {
  const able = people.length > 0 ? ableTo(ncr, move, people) : []; // a supplier does not see who takes part
  return (
    <div class="box">
      <strong>{t("forOthers")}</strong>
      <p>{t("nextStep", { what: word("does", move.event) })}</p>
      {move.missing.length > 0 && <p class="dim small">{t("othersNeed", { what: allMissing(move.missing) })}</p>}
      {able.map((one) => (
        <p key={one.event} class="small">
          {word("does", one.event)}
          {colon()}
          {one.people.length > 0
            ? listed(one.people.map((each) => `${each.name}${bracketed(word("role", each.role))}`))
            : t("nobodyCan", {
                roles: whoMay(one.right)
                  .map((role) => word("role", role))
                  .join(t("boardOr")),
              })}
        </p>
      ))}
      {able.some((one) => one.people.length === 0) && <PeopleButton project={project} />}
    </div>
  );
}

function Overtaken({ ncr, meanwhile }: { ncr: Ncr; meanwhile: Meanwhile }) {
  const fits = offers(ncr).some((one) => one.event === meanwhile.event && !one.bar);
  const { people } = useContext(Names);
  const kept = unsent.read(keptAs(ncr, meanwhile.event));
  return (
    <div class="box overtaken" role="alert">
      <strong>{t("changedMeanwhile")}</strong>
      <ul>
        {meanwhile.changes.map((one) => (
          <li key={one.seq}>
            {t("changedBy", { when: when(one.at), name: one.actor_name, what: word("done", one.action) })}
            {one.reason && `${colon()}${reasonSaid(one.reason, people)}`}
          </li>
        ))}
      </ul>
      {!fits && kept && (
        <>
          <p>{t("lostStep")}</p>
          <textarea
            readOnly
            rows={3}
            value={Object.values(JSON.parse(kept))
              .filter((one) => typeof one === "string")
              .join("\n")}
          />
          <button type="button" onClick={() => unsent.keep(keptAs(ncr, meanwhile.event), "")}>
            {t("discard")}
          </button>
        </>
      )}
    </div>
  );
}

function Trail({ project, id, round }: { project: string; id: string; round: number }) {
  const { people } = useContext(Names);
  const [all, setAll] = useState<Happening[]>([]);
  const [fault, setFault] = useState("");
  useEffect(() => {
    historyOf(project, id)
      .then(setAll)
      .catch((error) => setFault(explained(error)));
  }, [project, id, round]);
  return (
    <>
      {fault && <p class="fault">{fault}</p>}
      <ol class="trail">
        {all.map((one) => (
          <li key={one.seq}>
            <strong>{word("done", one.action)}</strong>{" "}
            <span class="dim">
              {one.actor_name}, {when(one.at)}
            </span>
            {one.reason && <p class="small">{reasonSaid(one.reason, people)}</p>}
          </li>
        ))}
      </ol>
    </>
  );
}
