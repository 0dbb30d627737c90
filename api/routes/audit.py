"""The audit trail of a project, and of what stands above projects."""

from api.deps import PagerDep, ProjectId, StoreDep
from api.paging import Filtered, Listed, Pager
from api.routing import Routes
from api.schemas.audit import EventOut, EventQuery, VerificationOut, event_out, verification_out
from twin.access import Action
from twin.account import SystemAction
from twin.store.reconcile import verify_stream_and_records
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
def verify_project_events(project: ProjectId, store: StoreDep) -> VerificationOut:
    """Go through the chain from its first event, and hold every record of the project against what its events left."""
    with store.read() as view:
        return verification_out(verify_stream_and_records(view.connection, project))


@routes.get("/audit", SystemAction.SYSTEM_AUDIT, "Read the system's trail")
def list_system_events(query: Filtered[EventQuery], store: StoreDep, pager: PagerDep) -> Listed[EventOut]:
    """Return what happened above projects: sign-ins, accounts, organisations."""
    return _page(store, SYSTEM, query, pager)


@routes.get("/audit/verification", SystemAction.SYSTEM_AUDIT, "Verify the system's trail")
def verify_system_events(store: StoreDep) -> VerificationOut:
    """Go through the chain from its first event, and hold organisations and accounts against what its events left."""
    with store.read() as view:
        return verification_out(verify_stream_and_records(view.connection, SYSTEM))


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
