/** Records to see to: mine, all of them, and what I was told. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ask, list, type Schemas } from "../core/client";
import { bracketed, listed, t, word } from "../core/i18n";
import { type Asked, me, mine, type NcrLine, type Person, peopleOf, recordsLike } from "../core/ncr";
import { peopleChanged } from "../core/people";
import { go, place } from "../core/route";
import type { Workspace } from "../core/state";
import { explained, when } from "./fields";
import { Loading } from "./notices";
import { PeopleButton } from "./people";
import { Segments } from "./segments";

type Tab = "mine" | "all" | "inbox";
const tab = signal<Tab>("mine");
const asked = signal<Asked>({ state: "", severity: "", assignee: "" });
const TABS = { mine: "workMine", all: "workAll", inbox: "workInbox" } as const;

export function Worklist({ work }: { work: Workspace }) {
  const project = work.project.id;
  const open = place.value.record;
  return (
    <div class="stack worklist">
      <Segments label="work" names={TABS} shown={tab} />
      {tab.value === "inbox" ? (
        <Inbox project={project} open={open} />
      ) : (
        <Found project={project} only={tab.value} open={open} />
      )}
      <PeopleButton project={project} />
    </div>
  );
}

function Found({ project, only, open }: { project: string; only: Tab; open: string }) {
  const [all, setAll] = useState<NcrLine[] | null>(null);
  const [people, setPeople] = useState<Person[]>([]);
  const [fault, setFault] = useState("");
  const filter = only === "all" ? asked.value : { state: "", severity: "", assignee: "" };
  const wanted = JSON.stringify(filter);
  useEffect(() => {
    let latest = true;
    setFault("");
    recordsLike(project, JSON.parse(wanted))
      .then((found) => latest && setAll(found))
      .catch((error) => latest && setFault(explained(error)));
    return () => {
      latest = false;
    };
  }, [project, wanted, open]); // a record that was closed may have changed
  useEffect(() => {
    peopleOf(project)
      .then(setPeople)
      .catch(() => setPeople([]));
  }, [project, peopleChanged.value]);
  if (fault)
    return (
      <p class="fault" role="alert">
        {fault}
      </p>
    );
  if (!all) return <Loading />;
  const shown = only === "mine" ? mine(all, me()) : [...all].reverse();
  return (
    <>
      {only === "all" && <Filters people={people} />}
      {shown.length === 0 && <p class="empty">{t(only === "mine" ? "nothingForMe" : "noRecords")}</p>}
      <ul class="plain">
        {shown.map((one) => (
          <li key={one.id}>
            <Card one={one} people={people} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Card({ one, people }: { one: NcrLine; people: readonly Person[] }) {
  const who = people.find((each) => each.user === one.assignee);
  return (
    <button type="button" class="record" onClick={() => go({ record: `ncr:${one.id}` })}>
      <span class="between">
        <strong>{one.number || t("draft")}</strong>
        {(one.number || one.state !== "draft") && <span class="tag">{word("ncr", one.state)}</span>}
      </span>
      <span>{one.title}</span>
      <span class="dim small">
        {word("severity", one.severity)}
        {who && ` · ${who.name}`}
        {one.due && ` · ${t("dueOn", { day: one.due })}`}
        {one.overdue && <b class="late"> · ! {t("overdue")}</b>}
      </span>
      {one.next.length > 0 && (
        <span class="small turnline">→ {listed(one.next.map((each) => word("does", each)))}</span>
      )}
    </button>
  );
}

const STATES = [
  "draft", "open", "reopened", "contained", "under_review", "dispositioned", "in_correction", "reinspection",
  "verification", "closed", "rejected", "void",
]; // biome-ignore format: one list

function Filters({ people }: { people: readonly Person[] }) {
  const set = (change: Partial<Asked>) => {
    asked.value = { ...asked.value, ...change };
  };
  const { state, severity, assignee } = asked.value;
  return (
    <div class="stack">
      <select aria-label={t("state")} value={state} onChange={(e) => set({ state: e.currentTarget.value })}>
        <option value="">{t("allStates")}</option>
        {STATES.map((one) => (
          <option key={one} value={one}>
            {word("ncr", one)}
          </option>
        ))}
      </select>
      <div class="pair">
        <select aria-label={t("severity")} value={severity} onChange={(e) => set({ severity: e.currentTarget.value })}>
          <option value="">{t("allSeverities")}</option>
          {["minor", "major", "critical"].map((one) => (
            <option key={one} value={one}>
              {word("severity", one)}
            </option>
          ))}
        </select>
        <select aria-label={t("assignee")} value={assignee} onChange={(e) => set({ assignee: e.currentTarget.value })}>
          <option value="">{t("anybody")}</option>
          {people.map((one) => (
            <option key={one.user} value={one.user}>
              {one.name}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

function Inbox({ project, open }: { project: string; open: string }) {
  const [all, setAll] = useState<Schemas["NoticeOut"][] | null>(null);
  const [fault, setFault] = useState("");
  const load = () => {
    list<Schemas["NoticeOut"]>(`/inbox?project=${project}`)
      .then(setAll)
      .catch((error) => setFault(explained(error)));
  };
  useEffect(load, [project, open]);
  async function read(notices: string[] | null) {
    await ask("POST", "/inbox/read", { body: { notices } }).catch((error) => setFault(explained(error)));
    load();
  }
  if (fault)
    return (
      <p class="fault" role="alert">
        {fault}
      </p>
    );
  if (!all) return <Loading />;
  if (all.length === 0) return <p class="empty">{t("noMessages")}</p>;
  const unread = all.filter((one) => !one.read_at).map((one) => one.id);
  return (
    <>
      {unread.length > 0 && (
        <button type="button" onClick={() => void read(unread.slice(0, 200))}>
          {t("markRead")}
          {bracketed(unread.length)}
        </button>
      )}
      <ul class="plain">
        {all.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              class={one.read_at ? "record" : "record unread"}
              onClick={() => {
                if (!one.read_at) void read([one.id]);
                if (one.record.startsWith("ncr:")) go({ record: one.record });
              }}
            >
              <span class="between">
                <strong>
                  {!one.read_at && <span aria-hidden="true">● </span>}
                  {one.number || t("draft")} {one.headline}
                </strong>
              </span>
              <span>{one.title}</span>
              {one.expected && <span class="small turnline">→ {one.expected}</span>}
              <span class="dim small">
                {one.by} · {when(one.created_at)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
