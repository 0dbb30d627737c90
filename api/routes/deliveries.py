"""Letters that people get, for administrators: which left, which wait, which were given up and why."""

from typing import Annotated

from fastapi import Path

from api.auth.access import ID_PATTERN
from api.deps import ContextDep, PagerDep, StoreDep
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.inbox import DeliveryOut, DeliveryQuery, delivery_out
from twin.account import SystemAction
from twin.operations.mailing import send_again
from twin.record import Id
from twin.store.inbox import letters

routes = Routes("deliveries")
LetterId = Annotated[Id, Path(alias="letter", description="The letter", pattern=ID_PATTERN, examples=["2" * 32])]


@routes.get("/deliveries", SystemAction.DELIVERY_MANAGE, "List letters")
def list_deliveries(query: Filtered[DeliveryQuery], store: StoreDep, pager: PagerDep) -> Listed[DeliveryOut]:
    """Return letters, the newest first, without what is in them."""
    position = pager.position(query)
    after = int(position[0]) if position else None
    with store.read() as view:
        found, following = letters(view.connection, mail=query.mail, user=query.user, after=after, limit=query.limit)
    following_at = None if following is None else (following,)
    return Listed[DeliveryOut](items=[delivery_out(one) for one in found], next=pager.point(query, following_at))


@routes.post("/deliveries/{letter}/again", SystemAction.DELIVERY_MANAGE, "Send a letter again")
def repeat_delivery(letter: LetterId, context: ContextDep, store: StoreDep) -> DeliveryOut:
    """Let a letter that was given up, left out or off be sent anew."""
    return delivery_out(send_again(store, context, letter))
