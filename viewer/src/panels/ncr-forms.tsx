/** What each event of a nonconformance record asks for: one form each, kept until it was sent. */
import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "../core/client";
import { bracketed, colon, listed, t, word } from "../core/i18n";
import { type Capacity, me, type Ncr, type NcrEvent, type Person, type Rechecks, recheckable } from "../core/ncr";
import { rolesOf } from "../core/permits";
import { recordsOf } from "../core/records";
import { bring, evidenceFrom } from "../core/uploads";
import { Amount, Choice, explained, Form, Prose, Signing, Text, Tick, useKept, when } from "./fields";
import { Propose } from "./ncr-propose";
import { Prove } from "./ncr-prove";
import { type Asked, FileField, keptAs } from "./ncr-step";
import { LinesSaid } from "./ncr-told";
import { PeopleButton } from "./people";
import { Requirements } from "./requirements";

/** The form of an event; one that asks for nothing is a button. */
export function StepForm({ event, ...step }: Asked) {
  const Fields = FORMS[event];
  if (Fields) return <Fields {...step} event={event} />;
  return <Form button={word("does", event)} work={() => step.send(event)} />;
}

function Assign({ ncr, people, send, event }: Asked) {
  const { record } = ncr;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    assignee: record.assignee ?? "",
    due: record.due ?? "",
  });
  return (
    <Form
      button={t("save")}
      work={async () => {
        await send(event, { assignee: value.assignee || null, due: value.due || null });
        forget();
      }}
    >
      <Choice
        label={t("assignee")}
        value={value.assignee}
        onValue={(assignee) => set({ assignee })}
        options={[["", t("nobody")], ...people.map((one) => [one.user, personSaid(one)] as const)]}
      />
      <Text label={t("due")} type="date" value={value.due} onValue={(due) => set({ due })} />
    </Form>
  );
}

function personSaid(one: Person): string {
  return `${one.name}${bracketed(word("role", one.role))}`;
}

function Reclassify({ ncr, send, event }: Asked) {
  const { record } = ncr;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    severity: record.severity as string,
    contract_affected: record.contract_affected,
    customer_to_be_informed: record.customer_to_be_informed,
    reason: "",
  });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Severity value={value.severity} onValue={(severity) => set({ severity })} />
      <Tick
        label={t("contractAffected")}
        value={value.contract_affected}
        onValue={(contract_affected) => set({ contract_affected })}
      />
      <Tick
        label={t("customerInformed")}
        value={value.customer_to_be_informed}
        onValue={(customer_to_be_informed) => set({ customer_to_be_informed })}
      />
      <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

function Severity({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const options = ["minor", "major", "critical"].map((one) => [one, word("severity", one)] as const);
  return <Choice label={t("severity")} value={value} onValue={onValue} options={options} />;
}

function Amend(step: Asked) {
  const { ncr, send, event } = step;
  const { record } = ncr;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    title: record.title,
    severity: record.severity as string,
    description: record.description,
    violations: record.violations as unknown as Schemas["Violation-Input"][],
  });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Text label={t("title")} required value={value.title} onValue={(title) => set({ title })} />
      <Severity value={value.severity} onValue={(severity) => set({ severity })} />
      <Prose label={t("description")} value={value.description} onValue={(description) => set({ description })} />
      <Requirements
        project={step.project}
        globalIds={record.global_ids}
        name={step.name}
        value={value.violations}
        onValue={(violations) => set({ violations })}
      />
    </Form>
  );
}

function Contain({ ncr, send, event }: Asked) {
  const held = ncr.record.containment;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    kind: (held?.kind ?? "in_place_tag") as string,
    place: held?.place ?? "",
    tag: held?.tag ?? "",
    affected_query: held?.affected_query ?? "",
    affected: (held?.affected ?? []).join("\n"),
  });
  const kinds = ["in_place_tag", "quarantine", "work_stopped"].map((one) => [one, word("contain", one)] as const);
  return (
    <Form
      button={t("save")}
      work={async () => {
        await send(event, { ...value, affected: value.affected.split(/\s+/).filter(Boolean) });
        forget();
      }}
    >
      <Choice label={t("containKind")} value={value.kind} options={kinds} onValue={(kind) => set({ kind })} />
      <Text label={t("containPlace")} required value={value.place} onValue={(place) => set({ place })} />
      <Text
        label={t("containTag")}
        required={value.kind === "in_place_tag"}
        value={value.tag}
        onValue={(tag) => set({ tag })}
      />
      <Prose
        label={t("affectedQuery")}
        required
        value={value.affected_query}
        onValue={(affected_query) => set({ affected_query })}
      />
      <Prose label={t("affectedFound")} value={value.affected} onValue={(affected) => set({ affected })} />
    </Form>
  );
}

/** One seat for each capacity that has to sign; who raised the record does not sit on the board. */
function Board({ project, ncr, people, send, event }: Asked) {
  const { record } = ncr;
  const seated = Object.fromEntries(record.roster.map((one) => [one.capacity, one.person]));
  const { value, set, forget } = useKept<Record<string, string>>(keptAs(ncr, event), seated);
  const raised = new Set([record.originator.id, record.originator.on_behalf_of ?? ""]);
  const optional = (["quality_manager", "contractor", "design_authority", "customer"] as const).filter(
    (one) => !ncr.signs_as.includes(one),
  );
  const able = (capacity: Capacity) => people.filter((p) => p.capacities.includes(capacity) && !raised.has(p.user));
  const chosen = Object.entries(value).filter(([, person]) => person);
  const twice = new Set(chosen.map(([, person]) => person)).size < chosen.length;
  const seat = (capacity: Capacity, required: boolean) => {
    const candidates = able(capacity);
    const role = word("capacity", capacity);
    if (candidates.length === 0) return required ? <Empty key={capacity} capacity={capacity} /> : null;
    return (
      <Choice
        key={capacity}
        label={t("boardSeat", { role })}
        required={required}
        value={value[capacity] ?? ""}
        onValue={(person) => set({ [capacity]: person })}
        options={[["", t("boardChoose")], ...candidates.map((one) => [one.user, one.name] as const)]}
      />
    );
  };
  return (
    <>
      <Form
        button={t("save")}
        disabled={twice || chosen.length === 0}
        work={async () => {
          await send(event, { members: chosen.map(([capacity, user]) => ({ capacity, user })) });
          forget();
        }}
      >
        {ncr.signs_as.map((one) => seat(one, true))}
        {optional.map((one) => seat(one, false))}
        {twice && (
          <p class="fault" role="status">
            {t("boardTwice")}
          </p>
        )}
      </Form>
      <PeopleButton project={project} />
    </>
  );
}

/** A seat that nobody of the project can take, and what to do about it: four eyes are no matter of a setting. */
function Empty({ capacity }: { capacity: Capacity }) {
  const roles = rolesOf(capacity).map((one) => word("role", one));
  return <p class="fault">{t("boardNobody", { role: word("capacity", capacity), roles: roles.join(t("boardOr")) })}</p>;
}

function SignDecision({ ncr, send, event }: Asked) {
  const seat = ncr.record.roster.find((one) => one.person === me());
  const role = seat ? bracketed(word("capacity", seat.capacity)) : "";
  return (
    <>
      <LinesSaid ncr={ncr} />
      <Signing
        meaning={`${t("meansDisposition")}${role}`}
        button={word("does", event)}
        work={(password) => send(event, { password })}
        later={laterOf(ncr, event)}
      />
    </>
  );
}

function Close({ ncr, send, event }: Asked) {
  return (
    <Signing
      meaning={t("meansClosing")}
      button={word("does", event)}
      work={(password) => send(event, { password })}
      later={laterOf(ncr, event)}
    />
  );
}

function laterOf({ id, record }: Ncr, event: NcrEvent) {
  return { project: record.project, record: `ncr:${id}`, event, title: record.number || record.title };
}

function Finished({ ncr, send, event }: Asked) {
  const { value, set, forget } = useKept(keptAs(ncr, event), { at: "" });
  const now = when(new Date().toISOString()).replace(" ", "T");
  const given = value.at || now;
  return (
    <Form
      button={word("does", event)}
      work={async () => {
        // a minute has no seconds: "now" must not be before the work began, nor after the server's now
        const at = given === now ? new Date(Date.now() - 1000) : new Date(given);
        await send(event, { finished_at: at.toISOString() });
        forget();
      }}
    >
      <Text label={t("finishedAt")} type="datetime-local" required value={given} onValue={(at) => set({ at })} />
      <p class="dim small">{t("recheckHint")}</p>
    </Form>
  );
}

function Recheck({ project, ncr, send, event }: Asked) {
  const [able, setAble] = useState<Rechecks | null>(null);
  const [fault, setFault] = useState("");
  const { value, set, forget } = useKept(keptAs(ncr, event), { which: "", criteria: "original" });
  useEffect(() => {
    recheckable(project, ncr.record)
      .then(setAble)
      .catch((error) => setFault(explained(error)));
  }, [project, ncr.id, ncr.version]);
  const options = [
    ...(able?.checks ?? []).map(
      (one) => [`check:${one.id}`, `${t("recheckCheck", { name: one.name })}, ${when(one.at)}`] as const,
    ),
    ...(able?.inspections ?? []).map(
      (one) => [`inspection:${one.id}`, `${t("recheckInspection", { name: one.name })}, ${when(one.at)}`] as const,
    ),
  ];
  const which = value.which || options[0]?.[0] || "";
  const [kind, id] = which.split(":");
  const repairs = ncr.record.lines.some((one) => one.decision === "repair");
  if (fault) return <p class="fault">{fault}</p>;
  if (able && options.length === 0) {
    const { early } = able;
    const { corrected_at: finished } = ncr.record;
    return (
      <p class="dim">
        {t("recheckNone")}{" "}
        {early && finished && t("recheckTooEarly", { name: early.name, at: when(early.at), finished: when(finished) })}
      </p>
    );
  }
  return (
    <Form
      button={word("does", event)}
      disabled={!which}
      work={async () => {
        const body = kind === "check" ? { check_run: id } : { inspection: id, criteria: value.criteria };
        await send(event, body);
        forget();
      }}
    >
      <Choice label={t("recheckWith")} value={which} options={options} onValue={(one) => set({ which: one })} />
      {repairs && kind === "inspection" && (
        <Choice
          label={t("criteria")}
          value={value.criteria}
          onValue={(criteria) => set({ criteria })}
          options={["original", "repair"].map((one) => [one, word("criteria", one)] as const)}
        />
      )}
      <p class="dim small">{t("recheckHint")}</p>
    </Form>
  );
}

function Evidence({ project, ncr, send, event }: Asked) {
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState(-1);
  const { value, set, forget } = useKept(keptAs(ncr, event), { kind: "picture" });
  const kinds = ["picture", "document", "measurement"].map((one) => [one, word("file", one)] as const);
  return (
    <Form
      button={t("addFile")}
      lacks={file ? "" : t("fileFirst")}
      work={async () => {
        if (!file) return;
        const sent = await bring(project, file, setShare).finally(() => setShare(-1));
        await send(event, evidenceFrom(sent, value.kind as Schemas["EvidenceKind"]));
        setFile(null);
        forget();
      }}
    >
      <Choice label={t("fileKind")} value={value.kind} options={kinds} onValue={(kind) => set({ kind })} />
      <FileField onFile={setFile} />
      {share >= 0 && <p role="status">{t("uploading", { share: Math.round(100 * share) })}</p>}
    </Form>
  );
}

function Capa({ ncr, send, event }: Asked) {
  const kept = ncr.record.capa;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    needed: kept?.needed ?? false,
    reason: kept?.reason ?? "",
  });
  return (
    <Form button={t("save")} work={() => send(event, { ...value, capas: kept?.capas ?? [] }).then(forget)}>
      <Tick label={t("capaNeeded")} value={value.needed} onValue={(needed) => set({ needed })} />
      <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

function CostForm({ ncr, send, event }: Asked) {
  const kept = ncr.record.cost;
  const { value, set, forget } = useKept(keptAs(ncr, event), {
    labour: kept?.labour ?? "0",
    material: kept?.material ?? "0",
    other: kept?.other ?? "0",
    currency: kept?.currency ?? (navigator.language.startsWith("zh") ? "CNY" : "EUR"),
  });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Amount label={t("labour")} required value={value.labour} onValue={(labour) => set({ labour })} />
      <Amount label={t("material")} required value={value.material} onValue={(material) => set({ material })} />
      <Amount label={t("otherCost")} required value={value.other} onValue={(other) => set({ other })} />
      <Text
        label={t("currency")}
        required
        value={value.currency}
        onValue={(currency) => set({ currency: currency.toUpperCase().slice(0, 3) })}
      />
    </Form>
  );
}

function Notice({ ncr, send, event }: Asked) {
  const { value, set, forget } = useKept(keptAs(ncr, event), { reference: ncr.record.notice?.reference ?? "" });
  return (
    <Form button={t("save")} work={() => send(event, value).then(forget)}>
      <Text label={t("noticeRef")} required value={value.reference} onValue={(reference) => set({ reference })} />
    </Form>
  );
}

function Why({ ncr, send, event }: Asked) {
  const { value, set, forget } = useKept(keptAs(ncr, event), { reason: "" });
  return (
    <Form button={word("does", event)} work={() => send(event, value).then(forget)}>
      <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

function Note({ project, ncr, name, send, event }: Asked) {
  const [found, setFound] = useState<readonly (readonly [string, string])[]>([]);
  const { value, set, forget } = useKept(keptAs(ncr, event), { id: "", reason: "" });
  useEffect(() => {
    Promise.all(ncr.record.global_ids.slice(0, 20).map((one) => recordsOf(project, one)))
      .then((all) => {
        const open = new Map(all.flatMap((one) => one.findings).map((one) => [one.id, one]));
        setFound(
          [...open.values()].map((one) => [
            one.id,
            `${word("cause", one.kind)}${colon()}${listed(one.global_ids.map(name))}`,
          ]),
        );
      })
      .catch(() => setFound([]));
  }, [project, ncr.id]);
  if (found.length === 0) return <p class="dim">{t("nothingYet")}</p>;
  return (
    <Form
      button={word("does", event)}
      work={() => send(event, { id: value.id || found[0]?.[0], reason: value.reason }).then(forget)}
    >
      <Choice
        label={t("findingId")}
        value={value.id || (found[0]?.[0] ?? "")}
        options={found}
        onValue={(id) => set({ id })}
      />
      <Prose label={t("reason")} value={value.reason} onValue={(reason) => set({ reason })} />
    </Form>
  );
}

const FORMS: Partial<Record<NcrEvent, (step: Asked) => preact.JSX.Element>> = {
  amend: Amend,
  assign: Assign,
  reclassify: Reclassify,
  add_evidence: Evidence,
  record_containment: Contain,
  assemble: Board,
  propose: Propose,
  sign: SignDecision,
  reinspect: Finished,
  record_recheck: Recheck,
  record_proof: Prove,
  decide_capa: Capa,
  capture_cost: CostForm,
  inform_customer: Notice,
  note_recurrence: Note,
  close: Close,
  reconsider: Why,
  reject: Why,
  void: Why,
  reopen: Why,
};
