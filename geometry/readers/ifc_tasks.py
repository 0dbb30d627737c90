"""The tasks of an IFC file's schedule: planned days, and which products are assigned to each.

Products come by IfcRelAssignsToProduct (the task makes it) and IfcRelAssignsToProcess (the task works on it); of an
assembly its parts are meant. IFC2X3 keeps the planned times apart from the task (IfcRelAssignsTasks).
"""

# pyright: reportUnknownMemberType=false

from datetime import date
from typing import Any

from geometry.readers.ifc_attributes import attribute


def tasks_of(model: Any) -> list[dict[str, Any]]:
    """Return the tasks in the order of the file; products by instance number, those without a shape, too."""
    products: dict[int, set[int]] = {}
    for relation in model.by_type("IfcRelAssignsToProduct"):
        for task in relation.RelatedObjects:
            if task.is_a("IfcTask"):
                _add(products, task, attribute(relation, "RelatingProduct"))
    for relation in model.by_type("IfcRelAssignsToProcess"):
        if attribute(relation, "RelatingProcess") is not None and relation.RelatingProcess.is_a("IfcTask"):
            for product in relation.RelatedObjects:
                _add(products, relation.RelatingProcess, product)
    times = _times_2x3(model) if str(model.schema).upper().startswith("IFC2X3") else {}
    return [_said(task, times.get(task.id()), sorted(products.get(task.id(), ()))) for task in model.by_type("IfcTask")]


def _said(task: Any, times: Any, products: list[int]) -> dict[str, Any]:
    times = times or attribute(task, "TaskTime")
    ends = ("ScheduleStart", "ScheduleFinish")
    start, finish = (None if times is None else attribute(times, name) for name in ends)
    return {
        "global_id": str(task.GlobalId),
        "name": str(attribute(task, "Name", "")),
        "identification": str(attribute(task, "Identification") or attribute(task, "TaskId") or ""),
        "kind": str(attribute(task, "PredefinedType") or ""),
        "start": _day(start),
        "finish": _day(finish),
        "products": products,
    }


def _add(products: dict[int, set[int]], task: Any, product: Any) -> None:
    """Note a product and the parts that it is made of."""
    waiting, found = [product], products.setdefault(task.id(), set())
    while waiting:
        one = waiting.pop()
        if one is None or not one.is_a("IfcProduct") or one.id() in found:
            continue
        found.add(one.id())
        for relation in attribute(one, "IsDecomposedBy", ()) or ():
            waiting.extend(relation.RelatedObjects)


def _times_2x3(model: Any) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for relation in model.by_type("IfcRelAssignsTasks"):
        for task in relation.RelatedObjects:
            if attribute(relation, "TimeForTask") is not None:
                found[task.id()] = relation.TimeForTask
    return found


def _day(said: Any) -> str | None:
    """Return a day as ISO text; None for what is no day."""
    if said is None:
        return None
    if isinstance(said, str):
        try:
            return date.fromisoformat(said[:10]).isoformat()
        except ValueError:
            return None
    told = attribute(said, "DateComponent", said)
    if not told.is_a("IfcCalendarDate"):
        return None
    try:
        return date(told.YearComponent, told.MonthComponent, told.DayComponent).isoformat()
    except (TypeError, ValueError):
        return None
