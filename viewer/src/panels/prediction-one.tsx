/** One prediction opened: why, what a person says of it, and what was found out. */
import { useState } from "preact/hooks";
import { get, type Schemas } from "../core/client";
import { connected } from "../core/connection";
import { language, t, word } from "../core/i18n";
import type { Person } from "../core/ncr";
import { outbox } from "../core/outbox";
import type { Offered } from "../core/permits";
import { aboutOf, CONFIRMED_AS, confirm, dismiss, type Prediction, percent, raise, scoreOf } from "../core/prediction";
import { go } from "../core/route";
import { ta } from "../core/words/ahead";
import { Choice, explained, Form, Prose, Signing, useKept, when } from "./fields";
import { Pending } from "./sync";

export interface Decider {
  project: string;
  people: readonly Person[];
  offered: Offered;
  /** Read them again. */
  again: () => void;
}

export function Why({ one }: { one: Prediction }) {
  const said = language.value === "zh" && one.why_zh ? one.why_zh : one.why;
  const day = when(one.captured_until).slice(0, 10);
  return (
    <div class="small">
      <p>{said}</p>
      <p class="dim">
        {ta("madeAt", { when: when(one.created_at) })}
        {one.reports.length > 0 && " · "}
        {one.reports.length > 0 &&
          ta(one.reports.length === 1 ? "learntOne" : "learnt", { n: one.reports.length, when: day })}
      </p>
    </div>
  );
}

/** What was found out, by whom or by which check, and how far off the prediction was. */
export function Settled({ project, one }: { project: string; one: Prediction }) {
  const [fault, setFault] = useState("");
  const { settled } = one;
  if (!settled) return null;
  const check = settled.check_run;
  const score = scoreOf(one);
  const look = async () => {
    setFault("");
    try {
      const run = await get<Schemas["CheckOut"]>(`/projects/${project}/checks/${check}`);
      go({ epoch: run.epoch, check: run.id, element: one.global_ids[0] ?? "" });
    } catch (error) {
      setFault(explained(error));
    }
  };
  return (
    <div class="stack small">
      <p>
        {check
          ? ta("byCheck", { when: when(settled.at) })
          : ta("byPerson", { name: settled.name, when: when(settled.at) })}
        {settled.signed_as && t("comma") + ta("signedAs", { role: word("capacity", settled.signed_as) })}
      </p>
      {!check && <p class="said">{settled.reason}</p>}
      <p class="dim">
        {score === null
          ? ta("notScored")
          : ta("pointScore", { said: percent(one.probability), score: score.toFixed(3) })}
      </p>
      {check && (
        <button type="button" onClick={() => void look()}>
          {ta("showCheck")}
        </button>
      )}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

/** What a person may do with it: confirm what was seen by signature, dismiss it with a reason, draft a nonconformance. */
export function Deciding({ one, by, mine }: { one: Prediction; by: Decider; mine: Person | undefined }) {
  const may = (event: Prediction["allowed_events"][number]) => one.allowed_events.includes(event);
  if (outbox.value.some((each) => each.about === aboutOf(one))) return <Pending about={aboutOf(one)} />;
  const decides = by.offered("prediction.decide");
  const signs = decides && mine?.capacities.some((each) => CONFIRMED_AS.includes(each));
  return (
    <div class="stack">
      {one.ncr && (
        <button type="button" onClick={() => go({ record: `ncr:${one.ncr}` })}>
          {ta("drafted")}
        </button>
      )}
      {may("raise") && by.offered("ncr.raise") && <Raising one={one} by={by} />}
      {may("confirm") && signs && <Confirming one={one} by={by} />}
      {may("confirm") && decides && !signs && <p class="dim small">{ta("confirmWho")}</p>}
      {may("dismiss") && decides && <Dismissing one={one} by={by} />}
      {may("dismiss") && !decides && <p class="dim small">{ta("decideWho")}</p>}
    </div>
  );
}

interface Asked {
  one: Prediction;
  by: Decider;
}

function Confirming({ one, by }: Asked) {
  const { value, set, forget } = useKept(`prediction.${one.id}.confirm`, { seen: "" });
  return (
    <details class="fold" open={value.seen !== ""}>
      <summary>{ta("confirm")}</summary>
      <Signing
        meaning={ta("means")}
        button={ta("confirm")}
        work={async (password) => {
          await confirm(by.project, one, value.seen, password);
          forget();
          by.again();
        }}
      >
        <Prose label={ta("seen")} required value={value.seen} onValue={(seen) => set({ seen })} />
      </Signing>
    </details>
  );
}

function Dismissing({ one, by }: Asked) {
  const name = `prediction.${one.id}.dismiss`;
  const { value, set, forget } = useKept(name, { reason: "" });
  return (
    <details class="fold" open={value.reason !== ""}>
      <summary>{ta("dismiss")}</summary>
      <Form
        button={ta("dismiss")}
        work={async () => {
          if ((await dismiss(by.project, one, value.reason, name)) === "sent") by.again();
          forget();
        }}
      >
        <Prose label={ta("dismissWhy")} required value={value.reason} onValue={(reason) => set({ reason })} />
      </Form>
    </details>
  );
}

const SEVERITIES: readonly Schemas["Severity"][] = ["minor", "major", "critical"];

function Raising({ one, by }: Asked) {
  const [severity, setSeverity] = useState<Schemas["Severity"]>("major");
  return (
    <details class="fold">
      <summary>{ta("raise")}</summary>
      <Form
        button={ta("raise")}
        disabled={!connected.value}
        work={async () => {
          const ncr = await raise(by.project, one, severity);
          by.again();
          go({ record: `ncr:${ncr.id}` });
        }}
      >
        <Choice
          label={ta("severity")}
          value={severity}
          options={SEVERITIES.map((each) => [each, word("severity", each)] as const)}
          onValue={(each) => setSeverity(each as Schemas["Severity"])}
        />
        {!connected.value && <p class="dim small">{t("needsNetwork")}</p>}
      </Form>
    </details>
  );
}
