/** BCF topics: fly to their viewpoints, make some of what is seen now, exchange files with other tools. */

import { useRef, useState } from "preact/hooks";
import {
  addTopic,
  addViewpoint,
  fileOf,
  hiddenBy,
  pictureOf,
  type Receipt,
  selectionOf,
  shownBy,
  type Topic,
  takeIn,
  topicsOf,
  type Viewpoint,
  viewpointOf,
  viewpointsOf,
  visibilityOf,
} from "../core/bcf";
import { type Problem, ROOT } from "../core/client";
import { bracketed, colon, t, word } from "../core/i18n";
import { newKey } from "../core/keys";
import { unsent } from "../core/records";
import { go } from "../core/route";
import { addSection, clearSections, halves } from "../core/sections";
import { scale } from "../core/space";
import { hidden, select, selected, type Workspace } from "../core/state";
import { cameraWanted, standpoint } from "../core/view-state";
import { problemOf, useAsked } from "./asked";
import { FileChoice } from "./file-choice";
import { Failed, Loading, Refusal } from "./notices";
import { TopicDecide, TopicTalk } from "./topic-decide";

export function Topics({ work }: { work: Workspace }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => topicsOf(project), [project]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState("");
  const choose = (guid: string, on: boolean) =>
    setChosen(new Set(on ? [...chosen, guid] : [...chosen].filter((one) => one !== guid)));
  return (
    <div class="stack">
      <NewTopic
        work={work}
        onMade={(topic) => {
          setOpened(topic.guid);
          again();
        }}
      />
      {state.kind === "loading" && <Loading />}
      {state.kind === "failed" && <Failed problem={state.problem} again={again} />}
      {state.kind === "ready" && state.value.length === 0 && <p class="empty">{t("noTopics")}</p>}
      {state.kind === "ready" && (
        <ul class="plain">
          {state.value.map((topic) => (
            <li key={topic.guid} class="topic">
              <div class="between">
                <label class="check" title={t("chooseTopic", { title: topic.title })}>
                  <input
                    type="checkbox"
                    aria-label={t("chooseTopic", { title: topic.title })}
                    checked={chosen.has(topic.guid)}
                    onChange={(e) => choose(topic.guid, e.currentTarget.checked)}
                  />
                </label>
                <button
                  type="button"
                  class="line grow"
                  aria-expanded={opened === topic.guid}
                  onClick={() => setOpened(opened === topic.guid ? "" : topic.guid)}
                >
                  <strong>{topic.title}</strong>
                  <span class="dim small">
                    {[
                      topic.server_assigned_id === topic.guid ? "" : topic.server_assigned_id,
                      topic.topic_status && statusSaid(topic.topic_status),
                      topic.creation_author,
                    ]
                      .filter(Boolean)
                      .join(" · ")}
                  </span>
                </button>
              </div>
              {opened === topic.guid && (
                <>
                  <Viewpoints work={work} topic={topic} />
                  <TopicTalk project={project} topic={topic} />
                  <TopicDecide project={project} topic={topic} onDone={again} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="box">
        <div class="chips">
          {(["2.1", "3.0"] as const).map((version) => (
            <a
              key={version}
              class="chip button"
              href={fileOf(ROOT, project, [...chosen], version)}
              download="topics.bcf"
            >
              {chosen.size ? t("exportChosen", { n: chosen.size, version }) : t("exportAll", { version })}
            </a>
          ))}
        </div>
        <Import project={project} onTaken={again} />
      </div>
    </div>
  );
}

/** BCF keeps the states of records as English words; others that came with a file stay as they are. */
function statusSaid(status: string): string {
  const state = status.toLowerCase().replaceAll(" ", "_");
  const said = word("ncr", state);
  return said === state.replaceAll("_", " ") ? status : said;
}

function NewTopic({ work, onMade }: { work: Workspace; onMade: (topic: Topic) => void }) {
  const slot = `topic.${work.project.id}`;
  const [title, setTitle] = useState(unsent.read(slot));
  const [text, setText] = useState(unsent.read(`${slot}.text`));
  const [fault, setFault] = useState<Problem | null>(null);
  const guids = useRef({ topic: newKey(), view: newKey() });
  const made = useRef<Topic | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    const view = lookNow(work);
    if (!view) return;
    try {
      made.current ??= await addTopic(work.project.id, title, text, guids.current.topic);
      await addViewpoint(work.project.id, made.current.guid, view, guids.current.view);
      onMade(made.current);
      made.current = null;
      guids.current = { topic: newKey(), view: newKey() };
      for (const [name, set] of [
        [slot, setTitle],
        [`${slot}.text`, setText],
      ] as const) {
        unsent.keep(name, "");
        set("");
      }
      setFault(null);
    } catch (error) {
      setFault(problemOf(error));
    }
  };
  return (
    <form class="box" onSubmit={(event) => void send(event)}>
      <label class="stack">
        {t("topicTitle")}
        <input
          required
          maxLength={200}
          value={title}
          onInput={(e) => {
            setTitle(e.currentTarget.value);
            unsent.keep(slot, e.currentTarget.value);
          }}
        />
      </label>
      <label class="stack">
        {t("description")}
        <textarea
          rows={2}
          value={text}
          onInput={(e) => {
            setText(e.currentTarget.value);
            unsent.keep(`${slot}.text`, e.currentTarget.value);
          }}
        />
      </label>
      <button type="submit" class="primary" disabled={!standpoint.value}>
        {t("newTopic")}
      </button>
      <Refusal fault={fault} />
    </form>
  );
}

function Viewpoints({ work, topic }: { work: Workspace; topic: Topic }) {
  const project = work.project.id;
  const [state, again] = useAsked(() => viewpointsOf(project, topic.guid), [project, topic.guid]);
  const [fault, setFault] = useState<Problem | null>(null);
  const add = async () => {
    const view = lookNow(work);
    if (!view) return;
    try {
      await addViewpoint(project, topic.guid, view, newKey());
      setFault(null);
      again();
    } catch (error) {
      setFault(problemOf(error));
    }
  };
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const mayAdd = topic.authorization.topic_actions.includes("createViewpoint");
  return (
    <div class="viewpoints">
      {topic.description && <p class="small">{topic.description}</p>}
      {state.value.length === 0 && <p class="dim small">{t("noViewpoints")}</p>}
      {state.value.map((view, n) => (
        <button
          key={view.guid}
          type="button"
          class="viewpoint"
          aria-label={t("flyTo", { n: n + 1, title: topic.title })}
          onClick={() => void fly(work, topic, view).catch((error) => setFault(problemOf(error)))}
        >
          {view.snapshot ? (
            <img src={pictureOf(ROOT, project, topic.guid, view.guid)} alt="" loading="lazy" />
          ) : (
            <span class="dim">{n + 1}</span>
          )}
        </button>
      ))}
      {mayAdd && (
        <button type="button" onClick={() => void add()}>
          {t("addViewpoint")}
        </button>
      )}
      <Refusal fault={fault} />
    </div>
  );
}

function Import({ project, onTaken }: { project: string; onTaken: () => void }) {
  const [told, setTold] = useState<Receipt | null>(null);
  const [fault, setFault] = useState<Problem | null>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setTold(null);
    setFault(null);
    try {
      setTold(await takeIn(project, file, newKey()));
      onTaken();
    } catch (error) {
      setFault(problemOf(error));
    }
  };
  return (
    <>
      <FileChoice label={t("importBcf")} accept=".bcf,.bcfzip" onFile={(file) => void take(file ?? undefined)} />
      <div role="status">
        {told && (
          <ul class="small">
            {told.topics.map((one) => (
              <li key={one.guid}>
                {one.title}
                {colon()}
                {t(`became.${one.became}`)}
                {one.problems.length > 0 && bracketed(one.problems.join("; "))}
                {one.ncr && (
                  <button type="button" class="wide" onClick={() => go({ record: `ncr:${one.ncr}` })}>
                    {t("openRecord")}
                  </button>
                )}
              </li>
            ))}
            {told.problems.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        )}
      </div>
      <Refusal fault={fault} />
    </>
  );
}

/** Return what is seen now as a viewpoint. */
function lookNow(work: Workspace) {
  const now = standpoint.peek();
  if (!now || !work.scene) return null;
  const { field, aspect } = now.lens();
  const ids = [...hidden.peek()].map((id) => work.table.rows[id]?.globalId ?? "").filter((id) => id !== "");
  const chosen = selected.peek();
  const look = {
    pose: now.pose(),
    field,
    aspect,
    planes: halves.peek(),
    selection: chosen ? [chosen.globalId] : [],
    hidden: ids,
    picture: now.picture(),
  };
  return viewpointOf(look, work.scene.origin_m);
}

/** Show what a viewpoint showed: camera, planes, what is hidden, what is chosen. */
async function fly(work: Workspace, topic: Topic, view: Viewpoint): Promise<void> {
  const now = standpoint.peek();
  if (!now || !work.scene) return;
  const [chosen, visibility] = await Promise.all([
    selectionOf(work.project.id, topic.guid, view.guid),
    visibilityOf(work.project.id, topic.guid, view.guid),
  ]);
  const { pose, planes } = shownBy(view, work.scene.origin_m, now.middle(), now.lens().field);
  const known = chosen.find((id) => work.table.byGlobalId.has(id));
  select(known ?? "");
  hidden.value = hiddenBy(visibility, work.table);
  clearSections();
  for (const { normal, constant } of planes) addSection("face", normal, scale(normal, -constant), topic.title);
  if (pose) cameraWanted.value = { ...pose };
}
