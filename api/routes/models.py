"""Model revisions: taken in, compared, given out again, also with the verdicts in them."""

from typing import Annotated

from fastapi import Query, Request, Response

from api.deps import BlobsDep, ContextDep, PagerDep, ProjectId, RecordId, RowsDep, ServicesDep, StoreDep
from api.download import BYTES, STATUSES, KeptFile, download
from api.etag import tag
from api.packed import as_of, send
from api.paging import Filtered, Listed
from api.routes.jobs import accepted
from api.routing import Routes
from api.schemas.job import JobOut
from api.schemas.model import (
    AgainstQuery,
    DiffOut,
    ModelOut,
    ModelQuery,
    NewModel,
    NewWriteBack,
    RevisionChangesOut,
    diff_out,
    model_out,
)
from twin.access import Action
from twin.errors import NotFound
from twin.operations.models import latest_revision
from twin.operations.queue import Desk, order_model, order_write_back
from twin.operations.revision_changes import revision_changes
from twin.operations.write_back import written_copy
from twin.store.records import MODEL_REVISION

routes = Routes("models")


@routes.get("/projects/{project}/models", Action.MODEL_READ, "List model revisions")
def list_models(
    project: ProjectId, query: Filtered[ModelQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[ModelOut]:
    """Return the revisions of a project's model, the first one first."""
    with store.read() as view:
        return pager.records(view, MODEL_REVISION, query, rows, model_out)


@routes.post("/projects/{project}/models", Action.MODEL_UPLOAD, "Take a model in", status=202)
def create_model(
    project: ProjectId, given: NewModel, context: ContextDep, services: ServicesDep, response: Response
) -> JobOut:
    """Make the next revision of a model that was uploaded: a job; `makes` is the revision's identifier."""
    desk = Desk(services.store, context, project, services.wake)
    return accepted(response, project, order_model(desk, given.upload))


@routes.get("/projects/{project}/models/latest", Action.MODEL_READ, "Read the revision in force")
def read_latest_model(project: ProjectId, store: StoreDep, rows: RowsDep, response: Response) -> ModelOut:
    """Return the newest revision."""
    with store.read() as view:
        newest = latest_revision(view, project)
        if newest is None:
            raise NotFound("the project has no model yet; upload one")
        stored = view.get(MODEL_REVISION, newest.id, rows)
    tag(response, stored.version)
    return model_out(stored)


@routes.get("/projects/{project}/models/{revision}", Action.MODEL_READ, "Read a revision")
def read_model(revision: RecordId, store: StoreDep, rows: RowsDep, response: Response) -> ModelOut:
    """Return a revision."""
    with store.read() as view:
        stored = view.get(MODEL_REVISION, revision, rows)
    tag(response, stored.version)
    return model_out(stored)


@routes.get("/projects/{project}/models/{revision}/diff", Action.MODEL_READ, "What a revision changed")
def read_model_diff(revision: RecordId, store: StoreDep, rows: RowsDep) -> DiffOut:
    """Return which elements a revision added, removed and changed."""
    with store.read() as view:
        return diff_out(view.get(MODEL_REVISION, revision, rows).record)


@routes.get("/projects/{project}/models/{revision}/changes", Action.MODEL_READ, "Compare two revisions", also=(304,))
def read_model_changes(
    revision: RecordId, query: Annotated[AgainstQuery, Query()], request: Request, services: ServicesDep, rows: RowsDep
) -> RevisionChangesOut:
    """Return which elements are not the same in two revisions, where to they moved and what is said otherwise."""
    with services.store.read() as view:
        project = view.get(MODEL_REVISION, revision, rows).record.project

        def told() -> RevisionChangesOut:
            found = revision_changes(view, services.blobs, rows, revision, query.against)
            return RevisionChangesOut.model_validate(found, from_attributes=True)

        packed = services.packed.get(("revisions", as_of(view, project, rows), revision, query.against), told)
    return send(request, packed)  # pyright: ignore[reportReturnType]  # a response goes out as it is, its schema holds


@routes.get(
    "/projects/{project}/models/{revision}/file", Action.MODEL_READ, "Download a model", answers=BYTES, also=STATUSES
)
def download_model(revision: RecordId, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep) -> Response:
    """Return the file as it was uploaded; its ETag is its SHA-256, parts of it come by `Range`."""
    with store.read() as view:
        model = view.get(MODEL_REVISION, revision, rows).record
    return download(request, blobs, KeptFile(model.sha256, model.file_name))


@routes.post(
    "/projects/{project}/models/{revision}/write-backs", Action.MODEL_WRITE_BACK, "Write verdicts back", status=202
)
def create_write_back(
    project: ProjectId,
    revision: RecordId,
    given: NewWriteBack,
    context: ContextDep,
    services: ServicesDep,
    response: Response,
) -> JobOut:
    """Make a copy of an IFC model with a property set per element: verdict, deviation, U, clause, epoch, NCRs.

    A job; download the copy under `.../write-backs/{job}` once it has succeeded.
    """
    desk = Desk(services.store, context, project, services.wake)
    return accepted(response, project, order_write_back(desk, revision, given.epoch))


@routes.get(
    "/projects/{project}/models/{revision}/write-backs/{job}",
    Action.MODEL_WRITE_BACK,
    "Download a model with verdicts",
    answers=BYTES,
    also=(*STATUSES, 409),
)
def download_write_back(
    revision: RecordId, job: RecordId, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep
) -> Response:
    """Return the copy that a job has made; 409 as long as it has not."""
    with store.read() as view:
        copy = written_copy(view, job, revision, scope=rows)
    return download(request, blobs, KeptFile(copy.sha256, copy.file_name))
