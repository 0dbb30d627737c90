/** Who takes part in a project, and who could: an owner takes people in and grants in which capacities they sign. */
import { signal } from "@preact/signals";
import { ask, list, type Schemas } from "./client";
import { type Capacity, mayFound, type Role, SIGNS } from "./permits";

export type Member = Schemas["MemberOut"];
export type Person = Schemas["PersonOut"];
type Organisation = Schemas["OrganisationOut"];

/** Grows with each change: who shows people asks again. */
export const peopleChanged = signal(0);

export const membersOf = (project: string): Promise<Member[]> => list(`/projects/${project}/members`);

/** What an owner chooses from. */
export interface Directory {
  people: Person[];
  organisations: Organisation[];
}

export async function directory(): Promise<Directory> {
  const [people, organisations] = await Promise.all([list<Person>("/people"), list<Organisation>("/organisations")]);
  return { people, organisations };
}

/** What somebody is from now on. */
export interface Granted {
  role: Role;
  capacities: readonly Capacity[];
}

/** Return what a role can be granted of some capacities. */
export const fitting = ({ role, capacities }: Granted): Granted => ({
  role,
  capacities: SIGNS[role].filter((one) => capacities.includes(one)),
});

export async function grant(member: Member, granted: Granted): Promise<void> {
  await ask("PUT", `/projects/${member.project}/members/${member.id}`, {
    version: member.version,
    body: fitting(granted),
  });
  peopleChanged.value += 1;
}

export async function letGo(member: Member): Promise<void> {
  await ask("DELETE", `/projects/${member.project}/members/${member.id}`, { version: member.version });
  peopleChanged.value += 1;
}

/** Take somebody in; who left is a member again. */
export async function takeIn(
  project: string,
  members: readonly Member[],
  asked: Granted & { person: Person; organisation: string },
): Promise<void> {
  const before = members.find((one) => one.user === asked.person.id);
  if (before) return grant(before, asked);
  const body = { login: asked.person.login, organisation: asked.organisation, ...fitting(asked) };
  await ask("POST", `/projects/${project}/members`, { body });
  peopleChanged.value += 1;
}

/** Accounts are made by administrators. */
export const mayMakeAccounts = mayFound;

/** Make an account; return it with the password that opens it once. */
export async function makeAccount(login: string, name: string): Promise<{ person: Person; password: string }> {
  const made = await ask<Schemas["OneTimePasswordOut"]>("POST", "/users", { body: { login, name } });
  return { person: made.user, password: made.one_time_password ?? "" };
}
