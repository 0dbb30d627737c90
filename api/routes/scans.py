"""Scan epochs: what was captured when, from where and with what."""

from fastapi import Response

from api.deps import ContextDep, PagerDep, ProjectId, RowsDep, ServicesDep, StoreDep
from api.etag import Expected
from api.held import ScanHeld
from api.paging import Filtered, Listed
from api.routes.jobs import accepted
from api.routing import Routes
from api.schemas.job import JobOut
from api.schemas.scan import NewScan, Redating, ScanOut, ScanQuery, scan_out
from twin.access import Action
from twin.operations.check_corrections import redate_scan
from twin.operations.queue import Desk, order_scans
from twin.store.records import SCAN_EPOCH

routes = Routes("scans")


@routes.get("/projects/{project}/scans", Action.SCAN_READ, "List scan epochs")
def list_scans(
    project: ProjectId, query: Filtered[ScanQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[ScanOut]:
    """Return the scan epochs of a project in the order in which they came in."""
    with store.read() as view:
        return pager.records(view, SCAN_EPOCH, query, rows, scan_out)


@routes.post("/projects/{project}/scans", Action.SCAN_UPLOAD, "Take scans in", status=202)
def create_scan(
    project: ProjectId, given: NewScan, context: ContextDep, services: ServicesDep, response: Response
) -> JobOut:
    """Make one epoch of scans that were uploaded: a job; `makes` is the epoch's identifier."""
    desk = Desk(services.store, context, project, services.wake)
    instrument = given.instrument.record() if given.instrument else None
    job = order_scans(
        desk, given.uploads, name=given.name, captured_at=given.captured_at, instrument=instrument
    )  # fmt: skip
    return accepted(response, project, job)


@routes.get("/projects/{project}/scans/{epoch}", Action.SCAN_READ, "Read a scan epoch")
def read_scan(epoch: ScanHeld) -> ScanOut:
    """Return a scan epoch."""
    return scan_out(epoch.tagged(epoch.stored))


@routes.post("/projects/{project}/scans/{epoch}/redate", Action.CHECK_DECIDE, "Put right when a scan was captured")
def redate(epoch: ScanHeld, expected: Expected, given: Redating) -> ScanOut:
    """Give an epoch the time at which it was really captured, with the reason.

    What is known after it and all later epochs is derived anew in the new order; findings that it had superseded as if
    it were later are raised again.
    """
    stored = redate_scan(
        epoch.store, epoch.services.blobs, epoch.context, epoch.id, given.captured_at, reason=given.reason,
        expected=expected, scope=epoch.scope,
    )  # fmt: skip
    return scan_out(epoch.tagged(stored))
