/** Somebody may not sign an inspection: who can change that, and the way there. */
import { listed, t } from "../core/i18n";
import { membersOf } from "../core/people";
import { useAsked } from "./asked";
import { PeopleButton } from "./people";

export function NoCapacity({ project }: { project: string }) {
  const [state] = useAsked(() => membersOf(project), [project]);
  const members = state.kind === "ready" ? state.value : [];
  const owners = members.filter((one) => one.active && one.role === "owner").map((one) => one.name);
  return (
    <div class="stack">
      <p class="small">
        {t("noCapacity")} {owners.length > 0 ? t("ownersGrant", { names: listed(owners) }) : t("ownerGrants")}
      </p>
      <PeopleButton project={project} />
    </div>
  );
}
