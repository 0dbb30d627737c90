/**
 * BCF topics and viewpoints over the server's BCF-API 3.0, and what a viewpoint is in the view.
 *
 * A viewpoint is in metres of the model file's own frame, the view in that frame less the scene's origin. The direction
 * of a BCF clipping plane points to what is cut away; ours to what is kept.
 */
import { ask, get, type Schemas } from "./client";
import type { ElementTable } from "./elements";
import { add, cross, dot, type Half, length, scale, sub, type Vec } from "./space";
import type { CameraPose } from "./view-state";

export type Topic = Schemas["BcfTopicOut"];
export type Viewpoint = Schemas["api__schemas__bcf_view__ViewpointOut"];
export type NewViewpoint = Schemas["ViewpointPost"];
type Xyz = Schemas["XyzOut"];

export interface Look {
  pose: CameraPose;
  field: number;
  aspect: number;
  planes: readonly Half[];
  selection: readonly string[];
  hidden: readonly string[];
  /** Base64 of a PNG. */
  picture: string;
}

const xyz = ([x, y, z]: Vec): Xyz => ({ x, y, z });
const vector = ({ x, y, z }: { x: number; y: number; z: number }): Vec => [x, y, z];

/** Return what is sent for a look; `origin` is that of the scene. */
export function viewpointOf(look: Look, origin: Vec): NewViewpoint {
  const ahead = sub(look.pose.target, look.pose.eye);
  const direction = scale(ahead, 1 / Math.max(length(ahead), 1e-9));
  const level = Math.abs(direction[2]) > 0.9999;
  const right = level ? ([1, 0, 0] as Vec) : cross(direction, [0, 0, 1]);
  const up = cross(scale(right, 1 / length(right)), direction);
  const listed = (ids: readonly string[]) => ids.map((id) => ({ ifc_guid: id }));
  return {
    perspective_camera: {
      camera_view_point: xyz(add(look.pose.eye, origin)),
      camera_direction: xyz(direction),
      camera_up_vector: xyz(up),
      field_of_view: look.field,
      aspect_ratio: look.aspect,
    },
    clipping_planes: look.planes.map(({ normal, constant }) => ({
      location: xyz(add(scale(normal, -constant), origin)),
      direction: xyz(scale(normal, -1)),
    })),
    ...(look.picture && { snapshot: { snapshot_type: "png" as const, snapshot_data: look.picture } }),
    components: {
      selection: listed(look.selection),
      coloring: [],
      visibility: { default_visibility: true, exceptions: listed(look.hidden) },
    },
  };
}

/** What a viewpoint asks of the view. */
export interface Shown {
  pose: CameraPose | null;
  planes: Half[];
}

/**
 * Return camera and planes of a viewpoint in the scene's frame.
 *
 * A camera has no distance: it looks at a point as far off as the model's middle. A parallel projection becomes a
 * perspective one that sees as much at that point.
 */
export function shownBy(view: Viewpoint, origin: Vec, middle: Vec, field: number): Shown {
  const camera = view.perspective_camera ?? view.orthogonal_camera;
  const planes = view.clipping_planes.map(({ location, direction }) => {
    const normal = scale(vector(direction), -1 / Math.max(length(vector(direction)), 1e-9));
    return { normal, constant: -dot(normal, sub(vector(location), origin)) };
  });
  if (!camera) return { pose: null, planes };
  const place = sub(vector(camera.camera_view_point), origin);
  const ahead = scale(vector(camera.camera_direction), 1 / Math.max(length(vector(camera.camera_direction)), 1e-9));
  const far = Math.max(dot(sub(middle, place), ahead), 1);
  const target = add(place, scale(ahead, far));
  if (view.perspective_camera) {
    // the same height at the target, with the angle that this view has
    const wide = Math.tan((view.perspective_camera.field_of_view * Math.PI) / 360);
    const back = (far * wide) / Math.tan((field * Math.PI) / 360);
    const same = Math.abs(view.perspective_camera.field_of_view - field) < 0.5;
    return { pose: { eye: same ? place : add(target, scale(ahead, -back)), target }, planes };
  }
  const height = view.orthogonal_camera?.view_to_world_scale ?? 10;
  return { pose: { eye: add(target, scale(ahead, -height / 2 / Math.tan((field * Math.PI) / 360))), target }, planes };
}

/** An element of a model that is no IFC has a name of the tool that made it. */
const nameOf = (one: Schemas["ComponentIO"]) => one.ifc_guid || one.authoring_tool_id || "";

type Visibility = Schemas["VisibilityOut"]["visibility"];

/** Return the feature ids that a viewpoint hides. */
export function hiddenBy(visibility: Visibility, table: ElementTable): Set<number> {
  const named = new Set(visibility.exceptions.map((one) => table.byGlobalId.get(nameOf(one))));
  if (visibility.default_visibility) return new Set([...named].filter((id) => id !== undefined));
  // a view that shows nothing by default and names nothing that is here has nothing to say of this model
  if (![...named].some((id) => id !== undefined)) return new Set();
  return new Set(table.rows.map((row) => row.id).filter((id) => !named.has(id)));
}

const at = (project: string) => `/bcf/3.0/projects/${project}/topics`;

export function topicsOf(project: string): Promise<Topic[]> {
  return get(`${at(project)}?$orderby=${encodeURIComponent("creation_date desc")}`);
}

export function viewpointsOf(project: string, topic: string): Promise<Viewpoint[]> {
  return get(`${at(project)}/${topic}/viewpoints`);
}

export async function selectionOf(project: string, topic: string, view: string): Promise<string[]> {
  const told = await get<Schemas["SelectionOut"]>(`${at(project)}/${topic}/viewpoints/${view}/selection`);
  return told.selection.map(nameOf).filter((id) => id !== "");
}

export async function visibilityOf(project: string, topic: string, view: string): Promise<Visibility> {
  return (await get<Schemas["VisibilityOut"]>(`${at(project)}/${topic}/viewpoints/${view}/visibility`)).visibility;
}

/** The address of a viewpoint's picture. */
export function pictureOf(root: string, project: string, topic: string, view: string): string {
  return `${root}${at(project)}/${topic}/viewpoints/${view}/snapshot`;
}

export function addTopic(project: string, title: string, description: string, guid: string): Promise<Topic> {
  return ask("POST", at(project), { body: { title, description, topic_type: "Observation", guid }, key: guid });
}

export function addViewpoint(project: string, topic: string, view: NewViewpoint, guid: string): Promise<Viewpoint> {
  return ask("POST", `${at(project)}/${topic}/viewpoints`, { body: { ...view, guid }, key: guid });
}

export type TopicComment = Schemas["BcfCommentOut"];

export function topicCommentsOf(project: string, topic: string): Promise<TopicComment[]> {
  return get(`${at(project)}/${topic}/comments`);
}

export function sayOf(project: string, topic: string, text: string, key: string): Promise<TopicComment> {
  return ask("POST", `${at(project)}/${topic}/comments`, { body: { comment: text }, key });
}

/** Whether nobody has decided about a topic yet: it is no nonconformance record. */
export const isObservation = (topic: Topic): boolean =>
  topic.topic_type !== "Nonconformity" || topic.authorization.topic_status.includes("Received");

/** How the address names the record that a topic is. */
export const recordOf = (topic: Topic): string => `ncr:${topic.guid.replaceAll("-", "")}`;

/** Make an observation the draft of a record, under its own guid. */
export function confirmTopic(
  project: string,
  topic: Topic,
  { severity, quantity }: { severity: string; quantity: string },
): Promise<Topic> {
  const body = { severity, quantity, unit: "element" };
  return ask("POST", `/projects/${project}/observations/${topic.guid}/confirm`, { body });
}

export function dismissTopic(project: string, topic: Topic, reason: string): Promise<unknown> {
  return ask("POST", `/projects/${project}/observations/${topic.guid}/dismiss`, { body: { reason } });
}

export type Receipt = Schemas["ReceiptOut"];

/** Take a BCF file in; sent again, only what is new is added. */
export async function takeIn(project: string, file: Blob, key: string): Promise<Receipt> {
  return ask("POST", `/projects/${project}/bcf-files`, { bytes: await file.arrayBuffer(), key });
}

/** The address of a file with these topics, for tools that read BCF 2.1 or 3.0. */
export function fileOf(root: string, project: string, topics: readonly string[], version: "2.1" | "3.0"): string {
  const chosen = topics.map((guid) => `&topic=${encodeURIComponent(guid)}`).join("");
  return `${root}/projects/${project}/bcf-files?version=${version}${chosen}`;
}
