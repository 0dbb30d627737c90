/** What follows from a BCF topic: what was said of it, its record, or what a person makes of an observation. */
import { useEffect, useRef, useState } from "preact/hooks";
import { confirmTopic, dismissTopic, isObservation, recordOf, sayOf, type Topic, topicCommentsOf } from "../core/bcf";
import { listed, t, word } from "../core/i18n";
import { newKey } from "../core/keys";
import { type Offered, offeredIn, whoMay } from "../core/permits";
import { go } from "../core/route";
import { useAsked } from "./asked";
import { Choice, Form, Prose, Text, useKept, when } from "./fields";
import { Failed, Loading } from "./notices";

interface Decided {
  project: string;
  topic: Topic;
  onDone: () => void;
}

/** The way on: to the record of a topic, or to a decision about an observation. */
export function TopicDecide({ project, topic, onDone }: Decided) {
  const [offered, setOffered] = useState<Offered | null>(null);
  useEffect(() => void offeredIn(project).then((found) => setOffered(() => found)), [project]);
  if (!isObservation(topic))
    return (
      <button type="button" onClick={() => go({ record: recordOf(topic) })}>
        {t("openRecord")}
      </button>
    );
  if (!offered) return null;
  if (!offered("ncr.raise"))
    return (
      <p class="dim small">{t("topicWho", { who: listed(whoMay("ncr.raise").map((one) => word("role", one))) })}</p>
    );
  return <Observation project={project} topic={topic} onDone={onDone} />;
}

function Observation({ project, topic, onDone }: Decided) {
  const kept = `observation.${topic.guid}`;
  const { value, set, forget } = useKept(kept, { severity: "minor", quantity: "1", reason: "" });
  const severities = ["minor", "major", "critical"].map((one) => [one, word("severity", one)] as const);
  return (
    <details class="fold">
      <summary>{t("topicDecide")}</summary>
      <div class="stack">
        <Form
          button={t("confirm")}
          work={async () => {
            await confirmTopic(project, topic, value);
            forget();
            onDone();
            go({ record: recordOf(topic) });
          }}
        >
          <Choice
            label={t("severity")}
            value={value.severity}
            options={severities}
            onValue={(severity) => set({ severity })}
          />
          <Text
            label={t("topicQuantity")}
            required
            inputMode="decimal"
            value={value.quantity}
            onValue={(quantity) => set({ quantity })}
          />
        </Form>
        <Form
          button={t("dismiss")}
          quiet
          work={async () => {
            await dismissTopic(project, topic, value.reason);
            forget();
            onDone();
          }}
        >
          <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
        </Form>
      </div>
    </details>
  );
}

/** What was said of a topic, here or in other tools, the oldest first; and saying something more. */
export function TopicTalk({ project, topic }: { project: string; topic: Topic }) {
  const [state, again] = useAsked(() => topicCommentsOf(project, topic.guid), [project, topic.guid]);
  const { value, set, forget } = useKept(`topic.${topic.guid}.comment`, { text: "" });
  const key = useRef(newKey());
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  return (
    <div class="stack">
      <ul class="plain talk">
        {state.value.map((one) => (
          <li key={one.guid}>
            <span class="dim small">
              {one.author} · {when(one.date)}
            </span>
            <p>{one.comment}</p>
          </li>
        ))}
      </ul>
      {topic.authorization.topic_actions.includes("createComment") && (
        <Form
          button={t("send")}
          quiet
          work={async () => {
            await sayOf(project, topic.guid, value.text, key.current);
            key.current = newKey();
            forget();
            again();
          }}
        >
          <Prose label={t("comment")} required value={value.text} onValue={(text) => set({ text })} />
        </Form>
      )}
    </div>
  );
}
