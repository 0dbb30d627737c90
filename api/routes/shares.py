"""Which outside organisation may see which record."""

from typing import Annotated

from fastapi import Query

from api.deps import ContextDep, ProjectId, StoreDep
from api.routing import Routes
from api.schemas.comment import ShareIn, ShareQuery, SharesOut
from twin.access import Action
from twin.operations.shares import share_record, shares_of, unshare_record

routes = Routes("shares")
ALL = "/projects/{project}/shares"


@routes.get(ALL, Action.RECORD_SHARE, "Who may see a record")
def list_shares(project: ProjectId, query: Annotated[ShareQuery, Query()], store: StoreDep) -> SharesOut:
    """Return the outside organisations that may see a record."""
    with store.read() as view:
        return SharesOut(record=query.record, organisations=list(shares_of(view, project, query.record)))


@routes.post(ALL, Action.RECORD_SHARE, "Share a record")
def create_share(project: ProjectId, given: ShareIn, context: ContextDep, store: StoreDep) -> SharesOut:
    """Let an outside organisation see a record, and what stands beside it for outside."""
    now = share_record(store, context, project, given.record, given.organisation)
    return SharesOut(record=given.record, organisations=list(now))


@routes.post(ALL + "/end", Action.RECORD_SHARE, "End a share")
def end_share(project: ProjectId, given: ShareIn, context: ContextDep, store: StoreDep) -> SharesOut:
    """Let an outside organisation no longer see a record, nor what stands beside it."""
    now = unshare_record(store, context, project, given.record, given.organisation)
    return SharesOut(record=given.record, organisations=list(now))
