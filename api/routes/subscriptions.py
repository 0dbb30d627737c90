"""Of what one is told."""

from fastapi import Response

from api.deps import ContextDep, MemberDep, PagerDep, StoreDep
from api.etag import tag
from api.paging import Filtered, Listed, PageQuery
from api.routing import Routes
from api.schemas.comment import SubscriptionIn, SubscriptionOut, subscription_out
from twin.access import Action
from twin.operations.comments import subscribe, unsubscribe
from twin.store.records import SUBSCRIPTION
from twin.store.view import EVERYTHING

routes = Routes("subscriptions")
ALL = "/projects/{project}/subscriptions"


@routes.get(ALL, Action.SUBSCRIPTION_MANAGE, "My subscriptions")
def list_subscriptions(
    query: Filtered[PageQuery], member: MemberDep, store: StoreDep, pager: PagerDep
) -> Listed[SubscriptionOut]:
    """Return of what I am told in this project."""
    mine = {"project": member.project, "user": member.user}
    with store.read() as view:
        return pager.records(view, SUBSCRIPTION, query, EVERYTHING, subscription_out, where=mine)


@routes.post(ALL, Action.SUBSCRIPTION_MANAGE, "Subscribe", status=201)
def create_subscription(
    given: SubscriptionIn, member: MemberDep, context: ContextDep, store: StoreDep, response: Response
) -> SubscriptionOut:
    """Be told of a record, or of everything in the project that I may see."""
    stored = subscribe(store, context, member, given.subject or "")
    tag(response, stored.version)
    return subscription_out(stored)


@routes.post(ALL + "/end", Action.SUBSCRIPTION_MANAGE, "End a subscription")
def end_subscription(
    given: SubscriptionIn, member: MemberDep, context: ContextDep, store: StoreDep, response: Response
) -> SubscriptionOut:
    """Be told of it no more."""
    stored = unsubscribe(store, context, member, given.subject or "")
    tag(response, stored.version)
    return subscription_out(stored)
