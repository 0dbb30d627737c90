/** Where inspections come from: an item of the plan in force is begun, for what is chosen. */
import { useEffect, useState } from "preact/hooks";
import { listed, t, word } from "../core/i18n";
import { beginItem, type Plan, plansInForce } from "../core/inspection";
import { type Offered, offeredIn, whoMay } from "../core/permits";
import { selected, type Workspace } from "../core/state";
import { className } from "../core/terms";
import { useAsked } from "./asked";
import { Choice, Form } from "./fields";
import { Failed, Loading } from "./notices";

/** Begin an item of a plan; where there is no plan, who makes one. */
export function BeginItem({ work, onDone }: { work: Workspace; onDone: () => void }) {
  const project = work.project.id;
  const [asked, again] = useAsked(() => plansInForce(project), [project]);
  const [offered, setOffered] = useState<Offered | null>(null);
  useEffect(() => void offeredIn(project).then((found) => setOffered(() => found)), [project]);
  if (asked.kind === "loading" || !offered) return <Loading />;
  if (asked.kind === "failed") return <Failed problem={asked.problem} again={again} />;
  if (asked.value.length === 0) return <p class="dim small">{t("noPlan", { who: roles("plan.edit") })}</p>;
  if (!offered("point.notify")) return <p class="dim small">{t("beginWho", { who: roles("point.notify") })}</p>;
  return <Begin work={work} plans={asked.value} onDone={onDone} />;
}

const roles = (right: Parameters<typeof whoMay>[0]): string => listed(whoMay(right).map((one) => word("role", one)));

function Begin({ work, plans, onDone }: { work: Workspace; plans: readonly Plan[]; onDone: () => void }) {
  const items = plans.flatMap((plan) =>
    plan.record.items.map((item) => [`${plan.id} ${item.id}`, `${item.activity} · ${plan.record.number}`] as const),
  );
  const [which, setWhich] = useState(items[0]?.[0] ?? "");
  const [wide, setWide] = useState("one");
  const row = selected.value;
  const alike = row ? work.table.rows.filter((one) => one.ifcClass === row.ifcClass && one.storey === row.storey) : [];
  const about = wide === "one" || alike.length < 2 ? (row ? [row] : []) : alike;
  return (
    <details class="fold">
      <summary>{t("beginItem")}</summary>
      <Form
        button={t("beginItem")}
        lacks={row ? "" : t("beginNeeds")}
        work={async () => {
          const [plan = "", item = ""] = which.split(" ");
          const ids = about.map((one) => one.globalId);
          await beginItem(work.project.id, plan, { item, global_ids: ids, model_revision: work.model.id });
          onDone();
        }}
      >
        <Choice label={t("planItem")} value={which} options={items} onValue={setWhich} />
        {row ? (
          <Choice
            label={t("beginWhere")}
            value={wide}
            options={[
              ["one", row.name || row.globalId],
              ...(alike.length > 1
                ? [
                    [
                      "alike",
                      t("beginAlike", { n: alike.length, what: className(row.ifcClass), storey: row.storey }),
                    ] as const,
                  ]
                : []),
            ]}
            onValue={setWide}
          />
        ) : (
          <p class="dim small">{t("beginNeeds")}</p>
        )}
      </Form>
    </details>
  );
}
