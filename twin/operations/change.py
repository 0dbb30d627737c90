"""Changing one record: load it within the actor's scope, let the domain make the next state, keep that."""

from collections.abc import Callable
from typing import TypeVar

from twin.record import Id
from twin.store.kinds import Kind
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored

T = TypeVar("T")


def change(
    store: Store,
    context: Context,
    kind: Kind[T],
    record: Id,
    step: Callable[[T], T],
    *,
    action: str,
    expected: int,
    scope: Scope = EVERYTHING,
    reason: str = "",
) -> Stored[T]:
    """Replace a record by what ``step`` makes of it.

    Parameters
    ----------
    step
        A verb of the domain with everything but the record filled in.
    action
        The verb's name, for the trail.
    expected
        The version that the actor has seen.

    Raises
    ------
    NotFound
        If there is no such record within the scope.
    Conflict
        If somebody else changed it meanwhile.
    TwinError
        Whatever the verb refuses.
    """
    with store.write(context) as unit:
        old = unit.get(kind, record, scope)
        if old.version != expected:
            return unit.save(kind, old.record, expected=expected)  # raises, before the domain judges a state unseen
        return unit.save(kind, step(old.record), expected=expected, action=action, reason=reason)
