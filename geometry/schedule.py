"""When what is to be built: the tasks of a construction schedule that a model brings along."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

BUILDING = frozenset({"", "CONSTRUCTION", "INSTALLATION", "NOTDEFINED", "USERDEFINED"})
"""Kinds of tasks after which something stands that did not before; a demolition or a delivery is none."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task (IfcTask), with the days between which it is planned.

    Files give local times without a zone: the day is what can be relied on.
    """

    global_id: str
    name: str
    identification: str
    """The number that people know it by; empty where it has none."""
    kind: str
    """``CONSTRUCTION``, ``DEMOLITION`` ...; empty where nothing is said."""
    start: date | None
    finish: date | None
    elements: tuple[str, ...]
    """GlobalIds of what is assigned to it, sorted; of an assembly its parts."""

    @property
    def builds(self) -> bool:
        """Whether its elements stand once it is done."""
        return self.kind in BUILDING


def day_of(text: str | None) -> date | None:
    """Return the day of an ISO text; None for none."""
    return None if text is None else date.fromisoformat(text)


def end_of_day(day: date) -> datetime:
    """Return the moment at which a day is over; of the last day there is, its last moment.

    Examples
    --------
    >>> end_of_day(date(2026, 3, 1))
    datetime.datetime(2026, 3, 2, 0, 0)
    """
    return datetime.max if day == date.max else datetime.combine(day + timedelta(days=1), time())


def task_to_json(task: Task) -> dict[str, Any]:
    """Return a task as JSON values."""
    days = {"start": task.start, "finish": task.finish}
    return {**asdict(task), **{name: None if day is None else day.isoformat() for name, day in days.items()}}


def task_from_json(told: Mapping[str, Any]) -> Task:
    """Return the task that :func:`task_to_json` told of."""
    return Task(
        told["global_id"], told["name"], told["identification"], told["kind"], day_of(told["start"]),
        day_of(told["finish"]), tuple(told["elements"]),
    )  # fmt: skip
