"""What sorting sets apart as failed goes on in another nonconformance record: whether that one is about it.

ISO 9001:2015 8.7.1: no nonconforming output may get lost between two records.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from geometry.verdict import Outcome
from twin.disposition import ChildLot
from twin.ncr_record import LIVE, Event, NonConformance, State
from twin.record import Id


def missing_in_children(
    parent: NonConformance, lots: Sequence[ChildLot], children: Mapping[Id, NonConformance]
) -> tuple[str, ...]:
    """Return what the records that failed lots name do not bear, one phrase each.

    Parameters
    ----------
    children
        The records of the same project that the lots name; one that does not exist is left out.
    """
    failed = [lot for lot in lots if lot.verdict is Outcome.FAIL and lot.ncr is not None]
    missing = [f"{phrase} for lot {lot.id}" for lot in failed for phrase in _missing(parent, lot, children)]
    for key in dict.fromkeys(lot.ncr for lot in failed if lot.ncr in children):
        assert key is not None
        total = sum((lot.quantity for lot in failed if lot.ncr == key), Decimal(0))
        child = children[key]
        if child.unit == parent.unit and total > child.quantity:
            missing.append(f"a quantity of {total} {parent.unit} in {_named(child)}, not {child.quantity}")
    return tuple(missing)


def _missing(parent: NonConformance, lot: ChildLot, children: Mapping[Id, NonConformance]) -> list[str]:
    child = children.get(lot.ncr or "")
    if child is None or child.id == parent.id or child.project != parent.project:
        return [f"another nonconformance record of this project, not {lot.ncr},"]
    missing: list[str] = []
    if not _goes_on(parent, child):
        missing.append(f"an open record, not {_named(child)}, which is {child.state.value.replace('_', ' ')},")
    absent = sorted(set(lot.global_ids) - set(child.global_ids))
    if absent:
        missing.append(f"element {absent[0]} in {_named(child)}")
    if not lot.global_ids and parent.lot.strip().casefold() not in child.lot.casefold():
        missing.append(f"'{parent.lot.strip()}' as the lot of {_named(child)}")
    if child.unit != parent.unit:
        missing.append(f"a quantity in {parent.unit} in {_named(child)}, not in {child.unit},")
    return missing


def _goes_on(parent: NonConformance, child: NonConformance) -> bool:
    """Say whether a record takes up what was sorted out: still open, or opened for it and closed since."""
    if child.state is State.CLOSED:
        opened = next((step.at for step in child.steps if step.event is Event.OPEN), None)
        return opened is not None and opened >= _decided_at(parent)
    return child.state in LIVE


def _decided_at(parent: NonConformance) -> datetime:
    decided = (step.at for step in reversed(parent.steps) if step.event is Event.DISPOSE)
    return next(decided, parent.raised_at)


def _named(ncr: NonConformance) -> str:
    return ncr.number or "the draft"
