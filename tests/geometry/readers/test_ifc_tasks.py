"""Tasks of a schedule, as they are read from small files with known truth."""

# pyright: basic

from datetime import date
from pathlib import Path
from typing import Any

from geometry.readers.ifc import read_ifc
from geometry.readers.ifc_tasks import tasks_of
from tests.geometry.readers.test_ifc import Model, house


def test_tasks_come_with_their_days_and_the_elements_that_have_a_shape(tmp_path: Path) -> None:
    model = Model("mm")
    wall = house(model)
    assembly = model.make("IfcElementAssembly", model.guid(), None, "Frame")
    model.make("IfcRelAggregates", model.guid(), None, None, None, assembly, [wall])
    time = model.make("IfcTaskTime", ScheduleStart="2026-10-01T08:00:00", ScheduleFinish="2026-10-08")
    build = model.make(
        "IfcTask", model.guid(), None, "Walls", Identification="T1", PredefinedType="CONSTRUCTION", TaskTime=time
    )
    tear = model.make("IfcTask", model.guid(), None, "Shed", PredefinedType="DEMOLITION", TaskTime=None)
    model.make("IfcRelAssignsToProduct", model.guid(), RelatedObjects=[build], RelatingProduct=assembly)
    model.make("IfcRelAssignsToProcess", model.guid(), RelatedObjects=[wall], RelatingProcess=tear)
    path, cache = model.write(tmp_path / "house.ifc"), tmp_path / "cache"
    fresh, cached = read_ifc(path, workers=1, cache_dir=cache), read_ifc(path, workers=1, cache_dir=cache)
    one, other = fresh.tasks
    assert (one.name, one.identification, one.kind) == ("Walls", "T1", "CONSTRUCTION")
    assert (one.start, one.finish, one.builds) == (date(2026, 10, 1), date(2026, 10, 8), True)
    assert one.elements == (wall.GlobalId,), "an assembly stands for its parts"
    assert (other.start, other.finish, other.elements, other.builds) == (None, None, (wall.GlobalId,), False)
    assert cached.tasks == fresh.tasks


def test_ifc2x3_keeps_the_planned_days_apart_from_the_task() -> None:
    model = Model("m", schema="IFC2X3")

    def at(day: int) -> Any:
        calendar = model.make("IfcCalendarDate", day, 10, 2026)
        return model.make("IfcDateAndTime", calendar, model.make("IfcLocalTime", 8))

    task = model.make("IfcTask", model.guid(), None, "Walls", TaskId="T1", IsMilestone=False)
    control = model.make("IfcScheduleTimeControl", model.guid(), ScheduleStart=at(1), ScheduleFinish=at(31))
    late = model.make("IfcTask", model.guid(), None, "No day", TaskId="T2", IsMilestone=False)
    model.make("IfcRelAssignsTasks", model.guid(), RelatedObjects=[task], RelatingControl=None, TimeForTask=control)
    one, other = tasks_of(model.file)
    assert (one["identification"], one["start"], one["finish"]) == ("T1", "2026-10-01", "2026-10-31")
    assert (other["name"], other["start"], other["products"]) == (late.Name, None, [])
