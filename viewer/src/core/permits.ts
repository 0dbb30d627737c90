/** Who may do what: the part of the server's table of roles that decides what is offered here. */
import { list, Problem, type Schemas, session } from "./client";

export type Role = Schemas["MemberOut"]["role"];
export type Right =
  | "model.upload"
  | "scan.upload"
  | "check.run"
  | "check.decide"
  | "finding.triage"
  | "ncr.raise"
  | "ncr.contain"
  | "ncr.review"
  | "ncr.correct"
  | "ncr.close"
  | "inspection.perform"
  | "plan.edit"
  | "point.notify"
  | "rehearsal.run"
  | "prediction.decide";

const MAY: Record<Right, readonly Role[]> = {
  "model.upload": ["owner", "quality_manager", "designer"],
  "scan.upload": ["owner", "quality_manager", "inspector", "site_manager"],
  "check.run": ["owner", "quality_manager", "inspector"],
  "check.decide": ["owner", "quality_manager"],
  "finding.triage": ["owner", "quality_manager", "inspector"],
  "rehearsal.run": ["owner", "quality_manager", "inspector", "designer", "site_manager"],
  "prediction.decide": ["owner", "quality_manager", "inspector"],
  "ncr.raise": ["owner", "quality_manager", "inspector", "designer", "site_manager"],
  "ncr.contain": ["owner", "quality_manager", "inspector", "site_manager", "supplier"],
  "ncr.review": ["owner", "quality_manager", "designer"],
  "ncr.correct": ["owner", "quality_manager", "site_manager", "supplier"],
  "ncr.close": ["owner", "quality_manager"],
  "plan.edit": ["owner", "quality_manager"],
  "point.notify": ["owner", "quality_manager", "inspector", "site_manager", "supplier"],
  "inspection.perform": ["owner", "quality_manager", "inspector", "designer"],
};

export function may(role: Role | null, right: Right): boolean {
  return role !== null && MAY[right].includes(role);
}

export type Capacity = Schemas["Capacity"];

/** In which capacities a role may sign; a membership grants some of them. */
export const SIGNS: Readonly<Record<Role, readonly Capacity[]>> = {
  owner: ["customer"],
  quality_manager: ["quality_manager", "contractor"],
  inspector: ["inspector", "third_party", "authority"],
  designer: ["design_authority", "consultant"],
  site_manager: ["contractor", "subcontractor"],
  supplier: ["supplier"],
  viewer: [],
};

/** Return the roles to which a capacity can be granted. */
export const rolesOf = (capacity: Capacity): Role[] =>
  (Object.keys(SIGNS) as Role[]).filter((role) => SIGNS[role].includes(capacity));

/** Founding is above all projects. */
export function mayFound(): boolean {
  return session.value?.user.administrator === true;
}

/** What somebody is in a project; null for no member. */
export async function roleIn(project: string): Promise<Role | null> {
  const members = await list<Schemas["MemberOut"]>(`/projects/${project}/members`);
  return members.find((one) => one.user === session.value?.user.id && one.active)?.role ?? null;
}

/** Whether something is to be offered to who looks: also where nobody says what they are, without a connection. */
export type Offered = (right: Right) => boolean;

export async function offeredIn(project: string): Promise<Offered> {
  try {
    const role = await roleIn(project);
    return (right) => may(role, right);
  } catch (error) {
    const refused = error instanceof Problem && (error.status === 403 || error.status === 404);
    return () => !refused;
  }
}

export const whoMay = (right: Right): readonly Role[] => MAY[right];
