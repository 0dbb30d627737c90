"""Views of the model that are kept by name: one's own, and those that somebody shares with the project."""

from fastapi import Response

from api.deps import ContextDep, MemberDep, PagerDep, RecordId, RowsDep, StoreDep
from api.etag import Expected, tag
from api.paging import Filtered, Listed, PageQuery
from api.routing import Routes
from api.schemas.saved_view import NewSavedView, SavedViewOut, saved_view_out
from twin.access import Action
from twin.operations.saved_views import drop_view, keep_view
from twin.store.records import SAVED_VIEW

routes = Routes("saved views")
ALL = "/projects/{project}/views"


@routes.get(ALL, Action.MODEL_READ, "List saved views")
def list_saved_views(
    query: Filtered[PageQuery], member: MemberDep, store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[SavedViewOut]:
    """Return my views and those that are shared, the oldest first."""
    seen = {"project": member.project, "audience": (member.user, "")}
    with store.read() as view:
        return pager.records(
            view, SAVED_VIEW, query, rows, lambda stored: saved_view_out(stored, member.user), where=seen
        )


@routes.post(ALL, Action.MODEL_READ, "Keep a view", status=201)
def create_saved_view(
    given: NewSavedView, member: MemberDep, context: ContextDep, store: StoreDep, response: Response
) -> SavedViewOut:
    """Keep a view for myself; whoever may comment may share it with everybody who sees the model."""
    stored = keep_view(store, context, member, name=given.name, place=given.place, shared=given.shared)
    tag(response, stored.version)
    return saved_view_out(stored, member.user)


@routes.delete(ALL + "/{view}", Action.MODEL_READ, "Take a view back")
def delete_saved_view(
    view: RecordId, expected: Expected, member: MemberDep, context: ContextDep, store: StoreDep
) -> SavedViewOut:
    """Take back a view that I kept; nobody sees it any more."""
    return saved_view_out(drop_view(store, context, member, view, expected=expected), member.user)
