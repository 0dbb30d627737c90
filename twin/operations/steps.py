"""Every step of every record goes through here: its version and scope, its evidence, and whom it concerns."""

from collections.abc import Callable
from typing import Any, TypeVar

from twin.ncr_record import NonConformance
from twin.operations.change import change
from twin.operations.files import evidence_in, require_files
from twin.operations.notices import tell_change
from twin.operations.plan_links import follow_ncr
from twin.record import Id
from twin.store.kinds import Kind
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored

T = TypeVar("T")


def take_step(
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
    """Replace a record by what a verb of the domain makes of it; see :func:`twin.operations.change.change`.

    Raises
    ------
    Invalid
        Also if it names evidence that did not come into the project.
    """
    return change(
        store, context, kind, record, step, action=action, expected=expected, scope=scope, reason=reason, then=follow_up
    )


def begin(unit: Unit, kind: Kind[T], record: T, *, reason: str = "") -> Stored[T]:
    """Keep a new record, with the same care."""
    stored = unit.add(kind, record, reason=reason)
    require_files(unit, kind.project(record) or "", evidence_in(record))
    tell_change(unit, None, stored)
    return stored


def advance(unit: Unit, kind: Kind[T], old: Stored[T], record: T, *, action: str, reason: str = "") -> Stored[T]:
    """Keep the next state of a record within a transaction that changes others as well."""
    new = unit.save(kind, record, expected=old.version, action=action, reason=reason)
    if new.version != old.version:
        follow_up(unit, old, new)
    return new


def follow_up(unit: Unit, old: Stored[Any], new: Stored[Any]) -> None:
    """Do what belongs to any change of a record: only known files are named, what waits follows, people are told."""
    require_files(unit, new.record.project, evidence_in(new.record) - evidence_in(old.record))
    if isinstance(new.record, NonConformance):
        follow_ncr(unit, old.record, new.record)
    tell_change(unit, old, new)
