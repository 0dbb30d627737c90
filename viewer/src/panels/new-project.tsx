/** Founding a project. */
import { useEffect, useState } from "preact/hooks";
import { codeFrom, isCode } from "../core/begin";
import { ask, list, type Schemas } from "../core/client";
import { language, t } from "../core/i18n";
import { go } from "../core/route";
import { Dialog } from "./dialog";
import { Choice, Form, Text, useKept } from "./fields";
import { Loading } from "./notices";
import { told } from "./sign-in";

type Organisation = Schemas["OrganisationOut"];
const ANOTHER = "another";
const LANGUAGES = [
  ["en", "English"],
  ["zh", "中文"],
] as const;

export function NewProject({ onEnd }: { onEnd: () => void }) {
  const [organisations, setOrganisations] = useState<Organisation[] | null>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    list<Organisation>("/organisations")
      .then(setOrganisations)
      .catch((error) => setFault(told(error)));
  }, []);
  return (
    <Dialog title={t("newProject")} onEnd={onEnd}>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {organisations ? <Founding organisations={organisations} known={setOrganisations} /> : !fault && <Loading />}
    </Dialog>
  );
}

interface Known {
  organisations: readonly Organisation[];
  known: (all: Organisation[]) => void;
}

function Founding({ organisations, known }: Known) {
  const start = {
    name: "",
    code: null as string | null,
    organisation: "",
    company: "",
    language: language.value as string,
  };
  const { value, set, forget } = useKept("project", start);
  const code = value.code ?? codeFrom(value.name);
  const isThere = value.organisation === ANOTHER || organisations.some((one) => one.id === value.organisation);
  const chosen = isThere ? value.organisation : (organisations[0]?.id ?? ANOTHER);

  async function found() {
    let organisation = chosen;
    if (chosen === ANOTHER) {
      const added = await ask<Organisation>("POST", "/organisations", { body: { name: value.company.trim() } });
      organisation = added.id;
      set({ organisation }); // made once, though what follows may be refused
      known([...organisations, added]);
    }
    const body = { organisation, key: code, name: value.name.trim(), language: value.language };
    const made = await ask<Schemas["ProjectOut"]>("POST", "/projects", { body });
    forget();
    go({ project: made.id, epoch: "", check: "", element: "", filter: "", colour: "", record: "" });
  }

  return (
    <Form
      button={t("foundProject")}
      work={found}
      lacks={value.name.trim() && isCode(code) ? "" : t("projectCodeHint", { code: "TOWER" })}
    >
      <Text
        label={t("projectName")}
        name="project-name"
        required
        value={value.name}
        onValue={(name) => set({ name })}
      />
      <Text
        label={t("projectCode")}
        name="project-code"
        required
        value={code}
        onValue={(text) => set({ code: text.toUpperCase().trim() })}
      />
      <p class="small dim">{t("projectCodeHint", { code: isCode(code) ? code : "TOWER" })}</p>
      {organisations.length > 0 && (
        <Choice
          label={t("organisation")}
          value={chosen}
          onValue={(organisation) => set({ organisation })}
          options={[...organisations.map((one) => [one.id, one.name] as const), [ANOTHER, t("organisationNew")]]}
        />
      )}
      {chosen === ANOTHER && (
        <Text
          label={t("organisationName")}
          name="organisation"
          required
          value={value.company}
          onValue={(company) => set({ company })}
        />
      )}
      <Choice
        label={t("projectLanguage")}
        value={value.language}
        onValue={(spoken) => set({ language: spoken })}
        options={LANGUAGES.toSorted(([one]) => (one === language.value ? -1 : 1))}
      />
    </Form>
  );
}
