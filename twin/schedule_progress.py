"""Progress against the schedule: what was to stand by a day, and what was seen to. What was not seen is never late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from geometry.schedule import Task
from twin.element_state import Seen, Status

_STANDS = frozenset({Seen.PASSED, Seen.FAILED, Seen.IN_DOUBT, Seen.UNJUDGED})
_STOOD = frozenset({Status.INSTALLED, Status.VERIFIED, Status.DEVIATING})


class Standing(StrEnum):
    """How an element stands to the schedule on a day."""

    BUILT = "built"
    """It stands, and was to be under way or done."""
    EARLY = "early"
    """It stands, and was to be begun later."""
    LATE = "late"
    """It was to stand, and was seen to be absent."""
    UNKNOWN = "unknown"
    """It was to stand, and was not seen: nobody can tell."""
    NOT_DUE = "not_due"
    """Its time has not come, and it was not seen to stand."""
    UNPLANNED = "unplanned"
    """No task with a planned finish builds it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """From when to when an element is to be built."""

    start: date | None
    finish: date | None
    """None where the end of one of its tasks is not known: then nothing is ever late."""
    task: str
    """GlobalId of the one that ends last."""


def is_built(status: Status, seen: Seen) -> bool | None:
    """Return whether an element stands after an epoch; None where nobody can tell.

    What stood once and was not seen again still stands. What was absent once and was not seen again may have been
    built meanwhile.

    Examples
    --------
    >>> is_built(Status.VERIFIED, Seen.NOT_SEEN), is_built(Status.MISSING, Seen.NOT_SEEN)
    (True, None)
    """
    if seen in _STANDS:
        return True
    if seen is Seen.ABSENT:
        return False
    return True if status in _STOOD else None


def standing(built: bool | None, planned: Planned | None, day: date) -> Standing:
    """Return how an element stands on a day; a task is due from the day after its finish.

    Examples
    --------
    >>> planned = Planned(date(2026, 10, 1), date(2026, 10, 8), "T1")
    >>> [standing(built, planned, date(2026, 10, 9)).value for built in (True, False, None)]
    ['built', 'late', 'unknown']
    """
    if planned is None or planned.finish is None:
        return Standing.UNPLANNED
    if built:
        return Standing.EARLY if planned.start is not None and day < planned.start else Standing.BUILT
    if day <= planned.finish:
        return Standing.NOT_DUE
    return Standing.UNKNOWN if built is None else Standing.LATE


def plan_of(tasks: Iterable[Task]) -> Mapping[str, Planned]:
    """Return when each element is to be built: from the first start to the last finish of the tasks that build it."""
    found: dict[str, Planned] = {}
    for task in tasks:
        if not task.builds:
            continue
        for element in task.elements:
            before = found.get(element)
            found[element] = _both(before, task) if before else Planned(task.start, task.finish, task.global_id)
    return found


def _both(before: Planned, task: Task) -> Planned:
    """Return the span of what was planned and one task more; an end that is not known stays so."""
    start = None if before.start is None or task.start is None else min(before.start, task.start)
    if before.finish is None or task.finish is None:
        return Planned(start, None, before.task if before.finish is None else task.global_id)
    later = task.finish > before.finish
    return Planned(start, task.finish if later else before.finish, task.global_id if later else before.task)
