"""What checks and people say of a schedule's progress: from files to observations of its tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from simulation.schedule.observed import UNSEEN, Epoch, Observation, observe
from simulation.schedule.plan import ScheduleDocument
from simulation.schedule.status import merged, read_status, status_in
from twin.errors import Invalid
from twin.operations.check_reports import Entry, reported_elements
from twin.operations.rehearsal_input import named, read_input

_STANDS = {"installed": True, "missing": False, "occluded": None, "unseen": None, "design_suspect": None}
"""What the state of an element in a check report says of it."""
OWN = "plan"
"""In place of a file: what the planning program's own file says."""


@dataclass(frozen=True, slots=True)
class ProgressSource:
    """A file that says how far things are."""

    path: Path
    day: date | None = None
    """When it was so; None: the file says it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What all sources together say."""

    now: float
    observed: tuple[Observation, ...]


def known_progress(sources: Sequence[ProgressSource], document: ScheduleDocument, schedule: Path) -> Known:
    """Return what the sources say of the tasks of a schedule, the later ones over the earlier ones.

    Raises
    ------
    Invalid
        A source cannot be read, does not fit the schedule, or does not say of which day it is.
    """
    epochs, statuses = list[Epoch](), list[tuple[float, tuple[Observation, ...]]]()
    for source in sources:
        if str(source.path) == OWN and not source.path.exists():
            with named(schedule):
                statuses.append(status_in(document, source.day))
        elif source.path.suffix.lower() in (".yaml", ".yml"):
            if source.day is not None:
                raise Invalid(f"{source.path}: it says its day itself; leave {source.day}= out")
            with named(source.path):
                statuses.append(read_status(read_input(source.path), document))
        else:
            epochs.append(_epoch(source, document))
    epochs.sort(key=lambda epoch: epoch.day)
    days = [epoch.day for epoch in epochs]
    if len(set(days)) < len(days):
        raise Invalid("two check reports are of the same working day; give one of them, or another day")
    observed: tuple[Observation, ...] = (UNSEEN,) * len(document.network.tasks)
    if epochs:
        elements = {element for task in document.network.tasks for element in task.elements}
        if not elements & {element for epoch in epochs for element in epoch.stands}:
            raise Invalid(f"{schedule}: none of its tasks builds an element of the check reports: nothing can be told")
        observed = observe(document.network, epochs)
    for _, status in statuses:
        observed = merged(observed, status)
    return Known(max([*days, *(day for day, _ in statuses)]), observed)


def _epoch(source: ProgressSource, document: ScheduleDocument) -> Epoch:
    if document.calendar is None:
        raise Invalid(f"{source.path}: the schedule says no start date, so a day of a check cannot be placed in it")
    if source.day is None:
        raise Invalid(f"{source.path}: of which day is this check? Give it, such as 2026-04-20={source.path}")
    report = reported_elements(source.path)
    stands = {one["global_id"]: _stands(one) for one in report}
    return Epoch(max(document.calendar.after(source.day), 0.0), stands)


def _stands(entry: Entry) -> bool | None:
    """Say whether an element stands; rays through the place of one that is there leave it open."""
    if any(str(reason).startswith("partly_absent") for reason in entry.get("reasons") or ()):
        return None
    return _STANDS.get(str(entry.get("state")))
