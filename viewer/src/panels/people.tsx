/** Who takes part in a project, as what: its owners take people in, grant what they sign as, and let them go. */
import { useEffect, useRef, useState } from "preact/hooks";
import { session } from "../core/client";
import { bracketed, listed, word } from "../core/i18n";
import {
  type Directory,
  directory,
  fitting,
  type Granted,
  grant,
  letGo,
  type Member,
  makeAccount,
  mayMakeAccounts,
  membersOf,
  type Person,
  peopleChanged,
  takeIn,
} from "../core/people";
import { type Role, SIGNS } from "../core/permits";
import { tp } from "../core/words/people";
import { useAsked } from "./asked";
import { Dialog } from "./dialog";
import { Choice, Form, Text, Tick } from "./fields";
import { Failed, Loading } from "./notices";

const ROLES = Object.keys(SIGNS) as Role[];
const ANOTHER = "another";

/** Leads to the people of a project; not to be put into a form, for it has forms of its own. */
export function PeopleButton({ project }: { project: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {tp("title")}
      </button>
      {open && (
        <Dialog title={tp("title")} onEnd={() => setOpen(false)}>
          <div class="stack people">
            <p class="small">{tp("duties")}</p>
            <Members project={project} />
          </div>
        </Dialog>
      )}
    </>
  );
}

function Members({ project }: { project: string }) {
  const [state, again] = useAsked(() => membersOf(project), [project, peopleChanged.value]);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  const all = state.value;
  const me = session.value?.user.id ?? "";
  const active = all.filter((one) => one.active);
  const owners = active.filter((one) => one.role === "owner");
  const mayGrant = owners.some((one) => one.user === me) || session.value?.user.administrator === true;
  return (
    <>
      <ul class="plain">
        {active.map((one) => (
          <li key={one.id} class="box">
            <strong>
              {one.name}
              {one.user === me && <span class="dim small">{bracketed(tp("you"))}</span>}
            </strong>
            {mayGrant ? <Granting key={one.version} member={one} mine={one.user === me} /> : <As granted={one} />}
          </li>
        ))}
      </ul>
      {mayGrant ? (
        <TakeIn project={project} members={all} />
      ) : (
        <p class="small">{tp("ownersDo", { names: listed(owners.map((one) => one.name)) })}</p>
      )}
    </>
  );
}

function As({ granted: { role, capacities } }: { granted: Granted }) {
  const signs = capacities.map((one) => word("capacity", one));
  return (
    <p class="small">
      {word("role", role)} · {signs.length > 0 ? `${tp("signsAs")} ${listed(signs)}` : tp("signsNothing")}
    </p>
  );
}

function GrantedFields({ value, set }: { value: Granted; set: (next: Granted) => void }) {
  return (
    <>
      <Choice
        label={tp("role")}
        value={value.role}
        options={ROLES.map((one) => [one, word("role", one)] as const)}
        // what a role signs as belongs to it: withdrawn below where it is not meant
        onValue={(role) => set({ role: role as Role, capacities: SIGNS[role as Role] })}
      />
      {SIGNS[value.role].length > 0 && (
        <fieldset class="box">
          <legend class="small">{tp("signsAs")}</legend>
          {SIGNS[value.role].map((one) => (
            <Tick
              key={one}
              label={word("capacity", one)}
              value={value.capacities.includes(one)}
              onValue={(on) => {
                const others = value.capacities.filter((other) => other !== one);
                set(fitting({ role: value.role, capacities: on ? [...others, one] : others }));
              }}
            />
          ))}
        </fieldset>
      )}
    </>
  );
}

function Granting({ member, mine }: { member: Member; mine: boolean }) {
  const [value, set] = useState<Granted>(member);
  const same =
    value.role === member.role && [...value.capacities].sort().join() === [...member.capacities].sort().join();
  return (
    <details>
      <summary>
        <As granted={member} />
      </summary>
      <Form button={tp("save")} disabled={same} work={() => grant(member, value)}>
        <GrantedFields value={value} set={set} />
      </Form>
      {!mine && (
        <Form button={tp("letGo")} quiet work={() => letGo(member)}>
          {null}
        </Form>
      )}
    </details>
  );
}

interface Made {
  person: Person;
  password: string;
}

const NOTHING = { who: "", login: "", name: "", organisation: "" };

function TakeIn({ project, members }: { project: string; members: readonly Member[] }) {
  const [state, again] = useAsked(directory, [project]);
  const [made, setMade] = useState<readonly Made[]>([]);
  const [open] = useState(members.filter((one) => one.active).length < 3);
  if (state.kind === "loading") return <Loading />;
  if (state.kind === "failed") return <Failed problem={state.problem} again={again} />;
  return (
    <>
      <details class="fold" open={open}>
        <summary>{tp("takeIn")}</summary>
        <Taking
          project={project}
          members={members}
          known={state.value}
          onMade={(one) => {
            setMade((before) => [one, ...before]);
            again();
          }}
        />
      </details>
      {made.map((one) => (
        <Told key={one.person.id} made={one} />
      ))}
    </>
  );
}

/** What opens a new account, once: it is brought into sight, and stays there as long as the dialog. */
function Told({ made: { person, password } }: { made: Made }) {
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => line.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <p ref={line} class="box" role="status">
      {tp("password", { name: person.name, login: person.login })} <code>{password}</code>
    </p>
  );
}

interface Takes {
  project: string;
  members: readonly Member[];
  known: Directory;
  onMade: (made: Made) => void;
}

function Taking({ project, members, known, onMade }: Takes) {
  const [value, setValue] = useState(NOTHING);
  const [granted, setGranted] = useState<Granted>({ role: "quality_manager", capacities: SIGNS.quality_manager });
  const set = (change: Partial<typeof NOTHING>) => setValue((before) => ({ ...before, ...change }));
  const inside = new Set(members.filter((one) => one.active).map((one) => one.user));
  const outside = known.people.filter((one) => !inside.has(one.id));
  const mayMake = mayMakeAccounts();
  if (outside.length === 0 && !mayMake) return <p class="small">{tp("nobodyLeft")}</p>;
  const who = value.who || (outside.length === 0 ? ANOTHER : "");
  const mine = members.find((one) => one.user === session.value?.user.id)?.organisation;
  const organisation = value.organisation || mine || known.organisations[0]?.id || "";
  const work = async () => {
    let person = outside.find((one) => one.id === who);
    if (!person) {
      const made = await makeAccount(value.login.trim(), value.name.trim());
      onMade(made);
      person = made.person;
      set({ who: person.id }); // made once, though what follows may be refused
    }
    await takeIn(project, members, { person, organisation, ...granted });
    setValue(NOTHING);
  };
  const options = [
    ...outside.map((one) => [one.id, `${one.name}${bracketed(one.login)}`] as const),
    ...(mayMake ? [[ANOTHER, tp("another")] as const] : []),
  ];
  return (
    <Form button={tp("takeIn")} work={work} lacks={who ? "" : tp("choose")}>
      <Choice
        label={tp("who")}
        required
        value={who}
        options={[["", tp("choose")], ...options]}
        onValue={(one) => set({ who: one })}
      />
      {who === ANOTHER && (
        <>
          <Text label={tp("name")} required value={value.name} onValue={(name) => set({ name })} />
          <Text label={tp("login")} required value={value.login} onValue={(login) => set({ login })} />
        </>
      )}
      <Choice
        label={tp("company")}
        required
        value={organisation}
        options={known.organisations.map((one) => [one.id, one.name] as const)}
        onValue={(one) => set({ organisation: one })}
      />
      <GrantedFields value={granted} set={setGranted} />
    </Form>
  );
}
