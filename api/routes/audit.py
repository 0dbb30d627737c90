"""The audit trail of a project, and of what stands above projects."""

from fastapi import Request, Response

from api.deps import BlobsDep, ContextDep, PagerDep, ProjectId, RecordId, RowsDep, ServicesDep, StoreDep
from api.download import BYTES, STATUSES, KeptFile, download
from api.paging import Filtered, Listed, Pager
from api.routes.jobs import accepted
from api.routing import ROOT, Routes
from api.schemas.audit import EventOut, EventQuery, NewAuditPackage, VerificationOut, event_out, verification_out
from api.schemas.job import JobOut, job_out
from twin.access import Action
from twin.account import SystemAction
from twin.operations.audit_checks import verify_at_once
from twin.operations.audit_orders import (
    order_package,
    order_system_verification,
    order_verification,
    system_verification,
)
from twin.operations.audit_packages import packed
from twin.operations.queue import Desk
from twin.store.repository import Store
from twin.store.trail import SYSTEM, events, history

routes = Routes("audit")


@routes.get("/projects/{project}/audit", Action.AUDIT_READ, "Read a project's trail")
def list_project_events(
    project: ProjectId, query: Filtered[EventQuery], store: StoreDep, pager: PagerDep
) -> Listed[EventOut]:
    """Return what was changed in a project, oldest first; with `entity`, the history of one record."""
    return _page(store, project, query, pager)


@routes.get("/projects/{project}/audit/verification", Action.AUDIT_READ, "Verify a project's trail")
def verify_project_events(project: ProjectId, services: ServicesDep) -> VerificationOut:
    """Go through the chain and hold records against it: all of a small trail, else what is new.

    What is new begins after the last whole verification (`last_whole`), at most a thousand events ago: these events,
    and the records that they are of. `whole` says which it was. All of it is a job: `POST .../audit/verifications`.
    """
    with services.store.read() as view:
        return verification_out(verify_at_once(view, project, services.key))


@routes.post("/projects/{project}/audit/verifications", Action.AUDIT_READ, "Verify a project's whole trail", status=202)
def create_verification(project: ProjectId, context: ContextDep, services: ServicesDep, response: Response) -> JobOut:
    """Go through the chain from its first event, and hold every record against what its events left: a job.

    What it finds is kept in the trail and told by `GET .../audit/verification` as `last_whole`.
    """
    return accepted(response, project, order_verification(Desk(services.store, context, project, services.wake)))


@routes.post("/projects/{project}/audit/packages", Action.AUDIT_READ, "Pack a project for an audit", status=202)
def create_audit_package(
    project: ProjectId, given: NewAuditPackage, context: ContextDep, services: ServicesDep, response: Response
) -> JobOut:
    """Write everything that the trail tells of into one archive that is verified without this software: a job.

    Trail, records, every signature, the files that records refer to, and a program that verifies all of it. Download it
    under `.../audit/packages/{package}`, the job's identifier, once it has succeeded; hold it against `result.head`.
    """
    desk = Desk(services.store, context, project, services.wake)
    return accepted(response, project, order_package(desk, given.largest_mib))


@routes.get(
    "/projects/{project}/audit/packages/{package}", Action.AUDIT_READ, "Download an audit package",
    answers=BYTES, also=(*STATUSES, 409),
)  # fmt: skip
def download_audit_package(
    package: RecordId, request: Request, store: StoreDep, blobs: BlobsDep, rows: RowsDep
) -> Response:
    """Return the archive that a job has written; 409 as long as it has not."""
    with store.read() as view:
        archive = packed(view, package, scope=rows)
    return download(request, blobs, KeptFile(archive.sha256, archive.file_name))


@routes.get("/audit", SystemAction.SYSTEM_AUDIT, "Read the system's trail")
def list_system_events(query: Filtered[EventQuery], store: StoreDep, pager: PagerDep) -> Listed[EventOut]:
    """Return what happened above projects: sign-ins, accounts, organisations."""
    return _page(store, SYSTEM, query, pager)


@routes.get("/audit/verification", SystemAction.SYSTEM_AUDIT, "Verify the system's trail")
def verify_system_events(services: ServicesDep) -> VerificationOut:
    """Go through the chain and hold organisations and accounts against it: all of a small trail, else what is new.

    As with a project's trail; all of it is a job: `POST /audit/verifications`.
    """
    with services.store.read() as view:
        return verification_out(verify_at_once(view, SYSTEM, services.key))


@routes.post("/audit/verifications", SystemAction.SYSTEM_AUDIT, "Verify the system's whole trail", status=202)
def create_system_verification(context: ContextDep, services: ServicesDep, response: Response) -> JobOut:
    """Go through the chain from its first event, and hold every organisation and account against it: a job.

    What it finds is kept in the trail and told by `GET /audit/verification` as `last_whole`.
    """
    job = order_system_verification(services.store, context, services.wake)
    response.headers["Location"] = f"{ROOT}/audit/verifications/{job.id}"
    return job_out(job)


@routes.get(
    "/audit/verifications/{verification}", SystemAction.SYSTEM_AUDIT, "Read a verification of the system's trail"
)
def read_system_verification(verification: RecordId, store: StoreDep) -> JobOut:
    """Return how far it is and, once it has ended, what it found."""
    with store.read() as view:
        return job_out(system_verification(view, verification))


def _page(store: Store, stream: str, query: EventQuery, pager: Pager) -> Listed[EventOut]:
    position = pager.position(query)
    after = int(position[0]) if position else 0
    with store.read() as view:
        if query.entity:
            links = [link for link in history(view.connection, query.entity) if link.event.stream == stream]
            links = [link for link in links if link.event.seq > after][: query.limit + 1]
        else:
            links = list(events(view.connection, stream, after=after, limit=query.limit + 1))
    shown = links[: query.limit]
    more = (shown[-1].event.seq,) if len(links) > query.limit else None
    return Listed[EventOut](items=[event_out(link) for link in shown], next=pager.point(query, more))
