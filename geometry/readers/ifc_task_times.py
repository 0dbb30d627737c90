"""When the tasks of an IFC model start and finish, to the minute, where it says them so."""

# pyright: basic

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_container import model_file
from geometry.readers.ifc_library import import_ifcopenshell
from geometry.schedule import end_of_day


def read_task_times(path: Path) -> Mapping[str, tuple[datetime | None, datetime | None]]:
    """Return planned start and finish by GlobalId of the task, with the offset from UTC where it is said.

    A start without a time of day is the beginning of that day, a finish the end of it. IFC2X3 and .ifcxml give none:
    there the days of the tasks have to do.
    """
    if path.suffix.lower() == ".ifcxml":
        return {}
    library = import_ifcopenshell()
    with model_file(path) as plain:
        model = library.open(str(plain))
        if str(model.schema).upper().startswith("IFC2X3"):
            return {}
        found = {}
        for task in model.by_type("IfcTask"):
            times = attribute(task, "TaskTime")
            if times is not None:
                ends = (attribute(times, name) for name in ("ScheduleStart", "ScheduleFinish"))
                start, finish = (_moment(end, last) for end, last in zip(ends, (False, True), strict=True))
                found[str(task.GlobalId)] = (start, finish)
    return found


def _moment(said: Any, last: bool) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    if len(said) <= len("2026-03-01") and last:
        return end_of_day(moment.date())
    return moment
