"""The tasks of a planning program's file in place of the model's own: which of them builds which elements, and when."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid
from twin.operations.rehearsal_input import named, read_input

if TYPE_CHECKING:
    from geometry.design import DesignModel
    from simulation.assembly.assigned import PlannedTask


@dataclass(frozen=True, slots=True)
class TasksRequest:
    """Where the tasks are, and what says which elements they build."""

    schedule: Path
    """MS Project XML, P6 XER or XML, or ours (YAML)."""
    elements: Path | None = None
    """YAML or CSV; None: tasks are called as elements are, or hold their GlobalId."""


def with_tasks(design: "DesignModel", request: TasksRequest) -> "DesignModel":
    """Return the model with the tasks of a schedule in place of its own.

    Raises
    ------
    Invalid, GeometryError
        A file cannot be read or makes no sense; no task builds an element of the model.
    """
    from simulation.assembly.assigned import ModelElement, assigned_by_file, assigned_by_name

    planned = _planned(request.schedule)
    elements = [
        ModelElement(global_id, one.name, one.ifc_class, one.storey) for global_id, one in design.elements.items()
    ]
    if request.elements is None:
        tasks = assigned_by_name(planned, elements)
    else:
        content = read_input(request.elements)
        with named(request.elements):
            tasks = assigned_by_file(content, request.elements.suffix.lower(), planned, elements)
    if not any(one in design.elements for task in tasks for one in task.elements):
        text = "none of its tasks is called as an element of the model is; say with --elements FILE who builds what"
        raise Invalid(f"{request.schedule}: {text}")
    return replace(design, tasks=tasks)


def _planned(path: Path) -> "list[PlannedTask]":
    from geometry.readers.plans import PLAN_SUFFIXES, read_plan
    from simulation.assembly.assigned import PlannedTask

    suffix = path.suffix.lower()
    if suffix in (".ifc", ".ifczip", ".ifcxml"):
        raise Invalid(f"{path}: a model brings its own tasks; leave --schedule out, or give MS Project, P6 or YAML")
    if suffix not in PLAN_SUFFIXES:
        return _of_ours(path)
    return [PlannedTask(one.key, one.name, one.start, one.finish, one.elements) for one in read_plan(path).tasks]


def _of_ours(path: Path) -> "list[PlannedTask]":
    """Return the tasks of a schedule in YAML, on the days of its plan."""
    import numpy as np

    from simulation.assembly.assigned import PlannedTask
    from simulation.schedule.document import read_schedule

    content = read_input(path)
    with named(path):
        document = read_schedule(content)
        calendar, tasks = document.calendar, document.network.tasks
        if calendar is None:
            raise Invalid(f"{path}: the schedule says no start, so nothing says what is there when; add start: a day")
        times = document.network.times(np.array([task.planned for task in tasks]))
        return [
            PlannedTask(task.name, task.name, calendar.begin(float(start)), calendar.day(float(finish)), task.elements)
            for task, start, finish in zip(tasks, times.start, times.finish, strict=True)
        ]
