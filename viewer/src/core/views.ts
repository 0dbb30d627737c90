/** Views that are kept by name on the server: one's own, and those that are shared with the project. */
import { ask, list, type Schemas } from "./client";

export type SavedView = Schemas["SavedViewOut"];

export function viewsOf(project: string): Promise<SavedView[]> {
  return list(`/projects/${project}/views`);
}

export function keepView(
  project: string,
  name: string,
  place: string,
  shared: boolean,
  key: string,
): Promise<SavedView> {
  return ask("POST", `/projects/${project}/views`, { body: { name, place, shared }, key });
}

export function dropView(project: string, view: SavedView): Promise<SavedView> {
  return ask("DELETE", `/projects/${project}/views/${view.id}`, { version: view.version });
}
