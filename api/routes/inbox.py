"""What I was told, of all my projects."""

from api.deps import CallerDep, ContextDep, PagerDep, RowsDep, ServicesDep, StoreDep
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.inbox import InboxQuery, NoticeOut, ReadIn, Unread, notice_out
from twin.access import Action
from twin.jobs.letters import Reader
from twin.operations.mailing import mark_read, my_notices
from twin.store.inbox import unread

routes = Routes("inbox")


@routes.get("/inbox", Action.SUBSCRIPTION_MANAGE, "My inbox")
def list_inbox(
    query: Filtered[InboxQuery], caller: CallerDep, services: ServicesDep, rows: RowsDep, pager: PagerDep
) -> Listed[NoticeOut]:
    """Return what I was told of records that I may see, the unread first, the newest first of each."""
    settings, user = services.settings, caller.user
    position = pager.position(query)
    after = (int(position[0]), int(position[1])) if position else None
    with services.store.read() as view:
        found, following = my_notices(
            view, user.id, rows, unread_only=query.unread, project=query.project, after=after, limit=query.limit
        )
    reader = Reader(user.language or settings.language, user.id, user.name)
    items = [notice_out(notice, reader, settings.base_url) for notice in found]
    return Listed[NoticeOut](items=items, next=pager.point(query, following))


@routes.get("/inbox/unread", Action.SUBSCRIPTION_MANAGE, "How much is unread")
def count_unread(caller: CallerDep, rows: RowsDep, store: StoreDep) -> Unread:
    """Return how many notices are unread."""
    with store.read() as view:
        return Unread(unread=unread(view.connection, caller.user.id, rows))


@routes.post("/inbox/read", Action.SUBSCRIPTION_MANAGE, "Mark notices as read")
def read_notices(given: ReadIn, context: ContextDep, rows: RowsDep, store: StoreDep) -> Unread:
    """Mark some of my notices, or all, as read; those of others are not touched. Twice is once."""
    return Unread(unread=mark_read(store, context, rows, given.notices))
