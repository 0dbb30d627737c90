/** What people state beside a verdict: by signature, with a reason; the check's own verdict stays what it is. */
import { useEffect, useState } from "preact/hooks";
import { ask, type Schemas, whole } from "../core/client";
import { colon, t, word } from "../core/i18n";
import { me, peopleOf } from "../core/ncr";
import { Choice, explained, Prose, Signing, useKept, when } from "./fields";
import { Sign } from "./table";

type Statement = Schemas["OverrideOut"];

export function Override({
  project,
  detail,
  onChange,
}: {
  project: string;
  detail: Schemas["ElementDetail"];
  onChange: (stated: string | null) => void;
}) {
  const [all, setAll] = useState<Statement[]>([]);
  const [may, setMay] = useState(false);
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState("");
  const at = `/projects/${project}/elements/${encodeURIComponent(detail.global_id)}/overrides`;
  const { value, set, forget } = useKept(`override.${detail.check_run}.${detail.global_id}`, {
    verdict: "",
    reason: "",
  });
  const load = () => {
    whole<Statement>(at)
      .then(setAll)
      .catch((error) => setFault(explained(error)));
  };
  useEffect(load, [at]);
  useEffect(() => {
    peopleOf(project)
      .then((people) => {
        const mine = people.find((one) => one.user === me());
        setMay(mine?.role === "quality_manager" && mine.capacities.includes("quality_manager"));
      })
      .catch(() => setMay(false));
  }, [project]);
  const here = all.filter((one) => one.check_run === detail.check_run);
  const stands = here.find((one) => one.in_force);
  const seen = detail.presence === "installed" || detail.presence === "missing";
  const choices = [
    ["pass", t("statePass")],
    ["fail", t("stateFail")],
    ["", t("stateBack")],
  ] as const;
  const able = choices.filter(([one]) => (one ? one !== (stands?.verdict ?? detail.verdict) : stands !== undefined));
  const chosen = able.some(([one]) => one === value.verdict) ? value.verdict : (able[0]?.[0] ?? "");
  if (here.length === 0 && !may) return null;
  return (
    <section class="stack override" aria-label={t("override")}>
      {stands && (
        <div class="box counts">
          <strong>
            <span aria-hidden="true">✎ </span>
            <Sign verdict={stands.verdict ?? ""} /> {t("statedIs", { what: word("verdict", stands.verdict ?? "") })}
          </strong>
          <p>{stands.reason}</p>
          <p class="dim small">
            {t("signedBy", {
              name: stands.signer_name,
              role: word("capacity", stands.role),
              when: when(stands.signed_at),
              meaning: word("meaning", stands.meaning),
            })}
          </p>
          <p class="dim small">{t("statedBeside", { what: word("verdict", stands.machine_verdict) })}</p>
        </div>
      )}
      {here.some((one) => !one.in_force) && (
        <ol class="trail">
          {here
            .filter((one) => !one.in_force)
            .map((one) => (
              <li key={one.id} class="small">
                {one.verdict ? word("verdict", one.verdict) : t("stateBack")}
                {colon()}
                {one.reason}{" "}
                <span class="dim">
                  {one.signer_name}, {when(one.signed_at)}
                </span>
              </li>
            ))}
        </ol>
      )}
      {fault && <p class="fault">{fault}</p>}
      {may && !seen && (
        <p class="dim small">{t(detail.presence === "design_suspect" ? "overrideSuspect" : "overrideUnseen")}</p>
      )}
      {may && seen && detail.counts && able.length > 0 && (
        <details
          class="fold"
          open={open || value.reason !== ""}
          onToggle={(event) => setOpen(event.currentTarget.open)}
        >
          <summary>{t("override")}</summary>
          <div class="stack">
            <p class="dim small">{t("overrideRule")}</p>
            <Signing
              meaning={t("meansOverride")}
              work={async (password) => {
                const body = { check: detail.check_run, verdict: chosen || null, reason: value.reason, password };
                await ask("POST", at, { body });
                forget();
                setOpen(false);
                load();
                onChange(chosen || null);
              }}
            >
              <Choice label={t("verdict")} value={chosen} options={able} onValue={(verdict) => set({ verdict })} />
              <Prose label={t("reason")} required value={value.reason} onValue={(reason) => set({ reason })} />
            </Signing>
          </div>
        </details>
      )}
    </section>
  );
}
