"""Checks: ordered, and what they left: the registration, reports, every file."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path, Request, Response

from api.deps import BlobsDep, ContextDep, MemberDep, PagerDep, ProjectId, RecordId, RowsDep, ServicesDep, StoreDep
from api.download import STATUSES, KeptFile, download
from api.etag import Expected
from api.held import CheckHeld
from api.paging import Filtered, Listed
from api.routes.jobs import accepted
from api.routing import Routes
from api.schemas.check import CheckOut, CheckQuery, NewCheck, RegistrationOut, check_out, registration_out
from api.schemas.job import JobOut
from api.schemas.record import Reason
from twin.access import Action, require
from twin.errors import NotFound
from twin.operations.check_corrections import withdraw_check
from twin.operations.check_standing import count_check
from twin.operations.checks import CheckOrder
from twin.operations.queue import Desk, order_check
from twin.project import CheckRun
from twin.record import Evidence, Id
from twin.store.blobs import BlobStore
from twin.store.records import CHECK_RUN
from twin.store.repository import Store
from twin.store.view import Scope, Stored

routes = Routes("checks")
FileName = Annotated[str, Path(description="A file's name", pattern=r"^[\w.-]{1,100}$", examples=["report.html"])]


@routes.get("/projects/{project}/checks", Action.CHECK_READ, "List checks")
def list_checks(
    project: ProjectId, query: Filtered[CheckQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[CheckOut]:
    """Return the checks of a project, the first one first."""
    with store.read() as view:
        return pager.records(view, CHECK_RUN, query, rows, check_out)


@routes.post("/projects/{project}/checks", Action.CHECK_RUN, "Run a check", status=202)
def create_check(
    project: ProjectId, given: NewCheck, context: ContextDep, services: ServicesDep, member: MemberDep,
    response: Response,
) -> JobOut:  # fmt: skip
    """Check a scan epoch against a model revision: a job; `makes` is the check's identifier."""
    if given.counts:
        require(member.role, Action.CHECK_DECIDE)
    asked = CheckOrder(
        "", project, given.revision, given.epoch,
        tolerance_mm="" if given.tolerance_mm is None else str(given.tolerance_mm), standard=given.standard or "",
        registration=given.registration, pairs=tuple(pair.record() for pair in given.pairs),
        levelled=given.level, formats=given.formats, seed=given.seed, lang=given.lang,
        counts=given.counts, reason=given.reason,
    )  # fmt: skip
    desk = Desk(services.store, context, project, services.wake)
    job = order_check(
        desk, asked, tolerances=given.tolerances, tolerances_of=given.tolerances_of,
        registration=given.registration_file,
    )  # fmt: skip
    return accepted(response, project, job)


@routes.get("/projects/{project}/checks/{check}", Action.CHECK_READ, "Read a check")
def read_check(check: CheckHeld) -> CheckOut:
    """Return a check: what it depends on and what it left."""
    return check_out(check.tagged(check.stored))


@routes.post("/projects/{project}/checks/{check}/count", Action.CHECK_DECIDE, "Let a check count")
def let_count(check: CheckHeld, expected: Expected, given: Reason) -> CheckOut:
    """Let a check say what is known after its epoch, in place of the one that did, which is kept for information.

    What is known after later epochs is derived anew; what it found is raised as findings.
    """
    return _corrected(count_check, check, expected, given)


@routes.post("/projects/{project}/checks/{check}/withdraw", Action.CHECK_DECIDE, "Let no check count")
def withdraw(check: CheckHeld, expected: Expected, given: Reason) -> CheckOut:
    """Let the check that counts for its epoch count no more, with none in its place, until one is let count.

    What is known after later epochs is derived anew; what it found and nobody decided is superseded.
    """
    return _corrected(withdraw_check, check, expected, given)


@routes.get("/projects/{project}/checks/{check}/registration", Action.CHECK_READ, "How was the scan registered")
def read_registration(check: RecordId, store: StoreDep, blobs: BlobsDep, rows: RowsDep) -> RegistrationOut:
    """Return the pose with its residuals and every rival pose, or why none was accepted."""
    with blobs.open(_check(store, check, rows).report.sha256) as stream:
        report: dict[str, Any] = json.load(stream)
    return registration_out(report)


@routes.get(
    "/projects/{project}/checks/{check}/report", Action.CHECK_READ, "Read a check's report",
    answers="application/json", also=STATUSES,
    example={"schema": "qtems.check/1", "summary": {"elements": 2636}},
)  # fmt: skip
def read_report(check: RecordId, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep) -> Response:
    """Return `report.json`, schema `qtems.check/1`: everything that was measured."""
    return _given(request, blobs, _check(store, check, rows).report)


@routes.get(
    "/projects/{project}/checks/{check}/files/{file}", Action.CHECK_READ, "Download a check's file",
    answers="*/*", also=STATUSES,
)  # fmt: skip
def download_check_file(
    check: RecordId, file: FileName, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep
) -> Response:
    """Return a file that the check wrote, such as `report.html`, under its own media type."""
    run = _check(store, check, rows)
    for one in (run.report, *run.files, *run.pictures):
        if one.description == file:
            return _given(request, blobs, one)
    raise NotFound(f"the check wrote no {file}; there is {', '.join(e.description for e in (run.report, *run.files))}")


def _corrected(correct: Callable[..., Stored[CheckRun]], check: CheckHeld, expected: int, given: Reason) -> CheckOut:
    """Let another check of the epoch count, or none, and return the check as it is then."""
    return check_out(
        check.tagged(
            correct(
                check.store, check.services.blobs, check.context, check.id, reason=given.reason, expected=expected,
                scope=check.scope,
            )
        )
    )  # fmt: skip


def _check(store: Store, check: Id, rows: Scope) -> CheckRun:
    with store.read() as view:
        return view.get(CHECK_RUN, check, rows).record


def _given(request: Request, blobs: BlobStore, file: Evidence) -> Response:
    return download(request, blobs, KeptFile(file.sha256, file.description, file.media_type))
