"""Which tasks of a planning program build which elements of check reports, as a file says."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from geometry.work_plan import WorkPlan
from simulation.assembly.assigned import ModelElement, PlannedTask, assigned_by_file
from twin.errors import Invalid
from twin.operations.check_reports import reported_elements
from twin.operations.rehearsal_input import named, read_input


def with_elements(plan: WorkPlan, path: Path, progress: Sequence[Path]) -> WorkPlan:
    """Return the plan, its tasks with the elements that a file gives those that build.

    Parameters
    ----------
    path
        YAML ``elements: 1``, or CSV (docs/assembly.md). Elements are those of the reports.
    progress
        What says how far things are: the reports of checks among it.

    Raises
    ------
    Invalid
        There is no report; a file cannot be read, or names what there is not.
    """
    elements = dict[str, ModelElement]()
    for report in progress:
        if report.suffix.lower() == ".json":
            for one in reported_elements(report):
                name, kind, storey = (str(one.get(word) or "") for word in ("name", "ifc_class", "storey"))
                elements.setdefault(str(one["global_id"]), ModelElement(str(one["global_id"]), name, kind, storey))
    if not elements:
        raise Invalid(f"{path}: it names elements of check reports; give those: --progress 2026-04-20=report.json")
    planned = [PlannedTask(one.key, one.name, one.start, one.finish, one.elements) for one in plan.tasks]
    content = read_input(path)
    with named(path):
        assigned = assigned_by_file(content, path.suffix.lower(), planned, list(elements.values()))
    tasks = (
        replace(task, elements=of.elements if of.builds else task.elements)
        for task, of in zip(plan.tasks, assigned, strict=True)
    )
    return replace(plan, tasks=tuple(tasks))
