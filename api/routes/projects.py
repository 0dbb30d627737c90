"""Projects: what is checked."""

from fastapi import Response

from api.deps import ContextDep, PagerDep, ProjectId, RowsDep, StoreDep
from api.etag import Expected, tag
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.project import NewProject, ProjectOut, ProjectPatch, ProjectQuery, project_out
from twin.access import Action
from twin.account import SystemAction
from twin.operations.projects import change_project, found_project
from twin.store.records import PROJECT

routes = Routes("projects")


@routes.get("/projects", Action.PROJECT_READ, "List my projects")
def list_projects(query: Filtered[ProjectQuery], store: StoreDep, rows: RowsDep, pager: PagerDep) -> Listed[ProjectOut]:
    """Return the projects that I am a member of; administrators see all."""
    with store.read() as view:
        return pager.records(view, PROJECT, query, rows, project_out)


@routes.post("/projects", SystemAction.PROJECT_CREATE, "Found a project", status=201)
def create_project(given: NewProject, context: ContextDep, store: StoreDep, response: Response) -> ProjectOut:
    """Found a project and become its first owner."""
    stored = found_project(
        store, context, organisation=given.organisation, key=given.key, name=given.name, language=given.language
    )
    tag(response, stored.version)
    return project_out(stored)


@routes.get("/projects/{project}", Action.PROJECT_READ, "Read a project")
def read_project(project: ProjectId, store: StoreDep, rows: RowsDep, response: Response) -> ProjectOut:
    """Return a project."""
    with store.read() as view:
        stored = view.get(PROJECT, project, rows)
    tag(response, stored.version)
    return project_out(stored)


@routes.patch("/projects/{project}", Action.PROJECT_EDIT, "Change a project")
def patch_project(
    project: ProjectId,
    given: ProjectPatch,
    expected: Expected,
    context: ContextDep,
    store: StoreDep,
    response: Response,
) -> ProjectOut:
    """Change a project's name or language."""
    stored = change_project(store, context, project, expected=expected, name=given.name, language=given.language)
    tag(response, stored.version)
    return project_out(stored)
