# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
"""A sample's construction schedule: tasks in sequence, with the elements that each one builds or takes away."""

import datetime
from itertools import pairwise

from samples.model_plan import Activity, ModelPlan
from samples.part import GROUND, UPPER

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
ACTIVITIES = tuple(Activity(name, days) for name, days in TASKS)


def schedule(model, plan: ModelPlan, products) -> None:
    """Add an IfcWorkPlan with one IfcWorkSchedule of sequenced tasks, each assigned to what it builds.

    Plain entities: ifcopenshell.api.sequence stamps the clock's time and wants networkx.
    """
    import ifcopenshell.api.root as root

    stamps = {"CreationDate": plan.start.isoformat(), "StartTime": plan.start.isoformat(), "PredefinedType": "PLANNED"}
    work = root.create_entity(model, ifc_class="IfcWorkPlan", name="Construction")
    works = root.create_entity(model, ifc_class="IfcWorkSchedule", name="Baseline")
    for entity in (work, works):
        for name, value in stamps.items():
            setattr(entity, name, value)
    _relate(model, "IfcRelDeclares", RelatingContext=model.by_type("IfcProject")[0], RelatedDefinitions=[work])
    _relate(model, "IfcRelAggregates", RelatingObject=work, RelatedObjects=[works])
    start, tasks = plan.start, []
    for number, activity in enumerate(plan.activities, 1):
        task = root.create_entity(model, ifc_class="IfcTask", name=activity.name, predefined_type=activity.kind)
        finish = start + datetime.timedelta(days=activity.days)
        task.Identification, task.IsMilestone = f"T{number:02d}", False
        task.TaskTime = model.create_entity(
            "IfcTaskTime",
            DurationType="ELAPSEDTIME",
            ScheduleDuration=f"P{activity.days}D",
            ScheduleStart=start.isoformat(),
            ScheduleFinish=finish.isoformat(),
        )
        for part in plan.parts:
            if activity.name in (part.task, part.removed_by):
                _relate(model, "IfcRelAssignsToProduct", RelatedObjects=[task], RelatingProduct=products[part.name])
        start = finish
        tasks.append(task)
    _relate(model, "IfcRelAssignsToControl", RelatedObjects=tasks, RelatingControl=works)
    for before, after in pairwise(tasks):
        _relate(model, "IfcRelSequence", RelatingProcess=before, RelatedProcess=after, SequenceType="FINISH_START")


def _relate(model, kind: str, **attributes: object) -> None:
    import ifcopenshell.guid

    model.create_entity(kind, GlobalId=ifcopenshell.guid.new(), **attributes)
