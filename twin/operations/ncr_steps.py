"""Use cases around one nonconformance record in which others have a say: members, findings, checks, inspections."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from twin import ncr as verbs
from twin.access import Action, Capacity
from twin.errors import Invalid, NotFound, Refused
from twin.ncr_parts import Member
from twin.ncr_record import NonConformance
from twin.operations.accounts import names_of
from twin.operations.duties import require_able, require_ahead
from twin.operations.notices import require_sight
from twin.operations.projects import membership
from twin.operations.steps import take_step
from twin.record import Id
from twin.store import records
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored, View

_SEES_TO = (
    Action.NCR_RAISE, Action.NCR_CONTAIN, Action.NCR_REVIEW, Action.NCR_SIGN, Action.NCR_CORRECT, Action.NCR_CLOSE,
)  # fmt: skip
"""What one can do about a record: who has none of it only reads."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Who is to sit on a review board, in which capacity."""

    user: Id
    capacity: Capacity


def seat_board(
    store: Store, context: Context, ncr: Id, seats: Iterable[Seat], *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Name the review board: members of the project, each in a capacity that their membership grants.

    Raises
    ------
    Invalid
        If somebody is no member.
    Refused
        If a membership does not grant the capacity.
    """
    with store.read() as view:
        project = view.get(records.NCR, ncr, scope).record.project
        roster = tuple(_member(view, project, seat) for seat in seats)
        require_sight(view, project, (seat.person for seat in roster), kind="ncr", record=ncr)
    return take_step(
        store, context, records.NCR, ncr, lambda n: verbs.assemble(n, roster), action="assemble", expected=expected,
        scope=scope,
    )  # fmt: skip


def assign_ncr(
    store: Store,
    context: Context,
    ncr: Id,
    *,
    assignee: Id | None,
    due: date | None,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Say who has to see to a record next: a member of its project who may see it and do something, or nobody.

    Raises
    ------
    Invalid
        If they cannot, or it is due on a day that is over.
    """
    with store.read() as view:
        record = view.get(records.NCR, ncr, scope).record
        require_ahead(due, context.now, before=record.due)
        if assignee is not None:
            project = record.project
            require_member(view, project, assignee)
            require_able(view, project, assignee, _SEES_TO, "see to a record")
            require_sight(view, project, (assignee,), kind="ncr", record=ncr)
    return take_step(
        store, context, records.NCR, ncr, lambda n: verbs.assign(n, assignee=assignee, due=due), action="assign",
        expected=expected, scope=scope,
    )  # fmt: skip


def require_member(view: View, project: Id, user: Id) -> None:
    """Raise :class:`Invalid` unless somebody takes part in a project."""
    try:
        membership(view, project, user)
    except NotFound as error:
        raise Invalid(f"{user} is no member of this project: take them in first") from error


def _member(view: View, project: Id, seat: Seat) -> Member:
    require_member(view, project, seat.user)
    name = names_of(view, {seat.user})[seat.user].name
    if seat.capacity not in membership(view, project, seat.user).capacities:
        said = seat.capacity.value.replace("_", " ")
        raise Refused(f"{name} does not sign as {said} in this project: an owner can grant it")
    return Member(seat.user, name, seat.capacity)
