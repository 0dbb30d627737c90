"""Changing one record: load it within the actor's scope, let the domain make the next state, keep that."""

from collections.abc import Callable
from typing import TypeVar

from twin.record import Id
from twin.store.kinds import Kind
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored

T = TypeVar("T")
Then = Callable[[Unit, Stored[T], Stored[T]], None]
"""What belongs to a change: done with the state before and after, in the same transaction."""


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
    then: Then[T] | None = None,
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
    then
        Also done if anything changed: whom it concerns is told, what hangs on it follows.

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
        old = unit.take(kind, record, scope, expected=expected)
        new = unit.save(kind, step(old.record), expected=expected, action=action, reason=reason)
        if then is not None and new.version != old.version:
            then(unit, old, new)
        return new
