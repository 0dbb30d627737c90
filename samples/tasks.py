# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
"""The sample building's construction schedule: tasks in sequence, with the elements that each one builds."""

import datetime
from itertools import pairwise

from samples.plan import GROUND, UPPER, Part

START = datetime.datetime(2025, 3, 3, 8, 0)
TASKS: tuple[tuple[str, int], ...] = (
    ("Foundations", 10),
    (f"Columns {GROUND}", 6),
    (f"Slab over {GROUND}", 12),
    (f"Columns {UPPER}", 5),
    (f"Slab over {UPPER}", 11),
    (f"Exterior walls {GROUND}", 8),
    (f"Exterior walls {UPPER}", 7),
    (f"Interior walls {GROUND}", 4),
    (f"Interior walls {UPPER}", 3),
    (f"Services {GROUND}", 6),
    (f"Services {UPPER}", 3),
    (f"Doors and windows {GROUND}", 4),
    (f"Doors and windows {UPPER}", 3),
    ("Railings", 2),
)
"""Name and duration in days; each starts when the one before it has ended."""


def schedule(model, parts: tuple[Part, ...], products) -> None:
    """Add an IfcWorkPlan with one IfcWorkSchedule of sequenced tasks, each assigned to what it builds.

    Plain entities: ifcopenshell.api.sequence stamps the clock's time and wants networkx.
    """
    import ifcopenshell.api.root as root

    stamps = {"CreationDate": START.isoformat(), "StartTime": START.isoformat(), "PredefinedType": "PLANNED"}
    plan = root.create_entity(model, ifc_class="IfcWorkPlan", name="Construction")
    works = root.create_entity(model, ifc_class="IfcWorkSchedule", name="Baseline")
    for entity in (plan, works):
        for name, value in stamps.items():
            setattr(entity, name, value)
    _relate(model, "IfcRelDeclares", RelatingContext=model.by_type("IfcProject")[0], RelatedDefinitions=[plan])
    _relate(model, "IfcRelAggregates", RelatingObject=plan, RelatedObjects=[works])
    start, tasks = START, []
    for number, (name, days) in enumerate(TASKS, 1):
        task = root.create_entity(model, ifc_class="IfcTask", name=name, predefined_type="CONSTRUCTION")
        finish = start + datetime.timedelta(days=days)
        task.Identification, task.IsMilestone = f"T{number:02d}", False
        task.TaskTime = model.create_entity(
            "IfcTaskTime",
            DurationType="ELAPSEDTIME",
            ScheduleDuration=f"P{days}D",
            ScheduleStart=start.isoformat(),
            ScheduleFinish=finish.isoformat(),
        )
        for part in parts:
            if part.task == name:
                _relate(model, "IfcRelAssignsToProduct", RelatedObjects=[task], RelatingProduct=products[part.name])
        start = finish
        tasks.append(task)
    _relate(model, "IfcRelAssignsToControl", RelatedObjects=tasks, RelatingControl=works)
    for before, after in pairwise(tasks):
        _relate(model, "IfcRelSequence", RelatingProcess=before, RelatedProcess=after, SequenceType="FINISH_START")


def _relate(model, kind: str, **attributes: object) -> None:
    import ifcopenshell.guid

    model.create_entity(kind, GlobalId=ifcopenshell.guid.new(), **attributes)
