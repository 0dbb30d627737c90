"""Who is given something to do, and until when: somebody who can do it, by a day that is still to come."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from twin.access import Action, Role, Scope, may, scope_of
from twin.access_words import joined, said
from twin.errors import Invalid
from twin.operations.accounts import names_of
from twin.operations.projects import membership
from twin.record import Id
from twin.store.view import View

_WEST = timedelta(hours=12)
"""How long after UTC the last place on earth begins a day: what is today there is no past."""


def require_able(view: View, project: Id, user: Id, actions: Iterable[Action], to: str) -> None:
    """Raise :class:`Invalid` unless the role of a member has one of some actions: else they could never do it.

    Parameters
    ----------
    to
        What they are named for: ``own a CAPA``.
    """
    wanted = tuple(actions)
    role = membership(view, project, user).role
    if any(may(role, action) for action in wanted):
        return
    known = names_of(view, {user}).get(user)
    able = joined(one for one in Role if any(scope_of(one, action) is Scope.ALL for action in wanted))
    raise Invalid(
        f"{known.name if known else user} cannot {to}: their role here is {said(role)}; name somebody who is {able}"
    )


def require_ahead(due: date | None, now: datetime, *, before: date | None = None) -> None:
    """Raise :class:`Invalid` for a day that is over; one that stood there ``before`` may stay."""
    if due is not None and due != before and due < (now - _WEST).date():
        raise Invalid(f"{due} is over: give a day from today on by which it is due")
