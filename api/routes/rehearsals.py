"""Rehearsals: ordered, and what they wrote."""

from typing import Annotated

from fastapi import Path, Request, Response

from api.deps import BlobsDep, ContextDep, PagerDep, ProjectId, RecordId, RowsDep, ServicesDep, StoreDep
from api.download import STATUSES, KeptFile, download
from api.etag import tag
from api.paging import Filtered, Listed
from api.routes.jobs import accepted
from api.routing import Routes
from api.schemas.job import JobOut
from api.schemas.rehearsal import NewRehearsal, RehearsalOut, RehearsalQuery, rehearsal_out
from twin.access import Action
from twin.errors import NotFound
from twin.operations.queue import Desk
from twin.operations.rehearsal_orders import Files, order_rehearsal
from twin.store.records import REHEARSAL

routes = Routes("rehearsals")
FileName = Annotated[
    str, Path(description="A file's name", pattern=r"^[\w.-]{1,100}$", examples=["assembly-overlay.json"])
]


@routes.get("/projects/{project}/rehearsals", Action.REHEARSAL_READ, "List rehearsals")
def list_rehearsals(
    project: ProjectId, query: Filtered[RehearsalQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[RehearsalOut]:
    """Return the rehearsals of a project, the first one first."""
    with store.read() as view:
        return pager.records(view, REHEARSAL, query, rows, rehearsal_out)


@routes.post("/projects/{project}/rehearsals", Action.REHEARSAL_RUN, "Run a rehearsal", status=202)
def create_rehearsal(
    project: ProjectId, given: NewRehearsal, context: ContextDep, services: ServicesDep, response: Response
) -> JobOut:
    """Have a model or a file looked at before anything is built: a job; `makes` is the rehearsal's identifier."""
    desk = Desk(services.store, context, project, services.wake)
    files = Files(
        *(getattr(given, name, None) for name in ("upload", "score", "fitted")),
        others=tuple(getattr(given, "others", ())),
        access=getattr(given, "access", None),
        scanned=getattr(given, "scanned", ()),
    )
    job = order_rehearsal(desk, given.order(), files)
    return accepted(response, project, job)


@routes.get("/projects/{project}/rehearsals/{rehearsal}", Action.REHEARSAL_READ, "Read a rehearsal")
def read_rehearsal(rehearsal: RecordId, store: StoreDep, rows: RowsDep, response: Response) -> RehearsalOut:
    """Return a rehearsal: what it depends on, what came out, which files it wrote."""
    with store.read() as view:
        stored = view.get(REHEARSAL, rehearsal, rows)
    tag(response, stored.version)
    return rehearsal_out(stored)


@routes.get(
    "/projects/{project}/rehearsals/{rehearsal}/files/{file}", Action.REHEARSAL_READ, "Download a rehearsal's file",
    answers="*/*", also=STATUSES,
)  # fmt: skip
def download_rehearsal_file(
    rehearsal: RecordId, file: FileName, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep
) -> Response:
    """Return a file that the rehearsal wrote, such as `assembly.json`, under its own media type."""
    with store.read() as view:
        files = view.get(REHEARSAL, rehearsal, rows).record.files
    for one in files:
        if one.description == file:
            return download(request, blobs, KeptFile(one.sha256, one.description, one.media_type))
    raise NotFound(f"the rehearsal wrote no {file}; there is {', '.join(one.description for one in files)}")
