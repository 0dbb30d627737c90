/** Who may bring in what: the part of the server's table of roles that decides what is offered here. */
import { list, type Schemas, session } from "./client";

export type Role = Schemas["MemberOut"]["role"];
export type Right = "model.upload" | "scan.upload" | "check.run" | "check.decide";

const MAY: Record<Right, readonly Role[]> = {
  "model.upload": ["owner", "quality_manager", "designer"],
  "scan.upload": ["owner", "quality_manager", "inspector", "site_manager"],
  "check.run": ["owner", "quality_manager", "inspector"],
  "check.decide": ["owner", "quality_manager"],
};

export function may(role: Role | null, right: Right): boolean {
  return role !== null && MAY[right].includes(role);
}

/** Founding is above all projects. */
export function mayFound(): boolean {
  return session.value?.user.administrator === true;
}

/** What somebody is in a project; null for no member. */
export async function roleIn(project: string): Promise<Role | null> {
  const members = await list<Schemas["MemberOut"]>(`/projects/${project}/members`);
  return members.find((one) => one.user === session.value?.user.id && one.active)?.role ?? null;
}

export const whoMay = (right: Right): readonly Role[] => MAY[right];
