"""Use cases around views that are kept by name."""

from dataclasses import replace

from twin.access import Action, require
from twin.errors import NotFound, Refused
from twin.project import Member
from twin.record import Id
from twin.saved_view import SavedView
from twin.store.records import SAVED_VIEW
from twin.store.repository import Context, Store
from twin.store.view import Stored


def keep_view(
    store: Store, context: Context, member: Member, *, name: str, place: str, shared: bool = False
) -> Stored[SavedView]:
    """Keep a view for oneself, or for everybody: who only looks at a project keeps for oneself alone."""
    if shared:
        require(member.role, Action.COMMENT_WRITE)
    with store.write(context) as unit:
        view = SavedView(unit.new_id(), member.project, context.actor, context.now, name, place, shared=shared)
        return unit.add(SAVED_VIEW, view)


def drop_view(store: Store, context: Context, member: Member, view: Id, *, expected: int) -> Stored[SavedView]:
    """Take one's own view back.

    Raises
    ------
    NotFound
        If there is none that the member sees.
    Refused
        If somebody else keeps it for everybody.
    """
    with store.write(context) as unit:
        known = unit.get(SAVED_VIEW, view)
        if known.record.project != member.project or known.record.audience not in ("", member.user):
            raise NotFound(f"there is no saved view {view}")
        if known.record.owner.id != member.user:
            raise Refused(f"{known.record.owner.name} keeps this view and may take it back")
        ended = replace(unit.take(SAVED_VIEW, view, expected=expected).record, active=False)
        return unit.save(SAVED_VIEW, ended, expected=expected, action="drop")
