"""The schedule of a model revision: kept when the model is taken in, and held against what is known after an epoch."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from geometry.schedule import Task, task_from_json, task_to_json
from twin.element_state import Seen, Status
from twin.operations.element_columns import Coded
from twin.project import ModelRevision
from twin.record import Id
from twin.schedule_progress import Standing, is_built, plan_of, standing
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.element_columns import captured_at
from twin.store.elements import basis_of
from twin.store.epoch_pairs import seen_of
from twin.store.shared_elements import visible_elements
from twin.store.view import Scope, View

if TYPE_CHECKING:
    from geometry.design import DesignModel


def keep_schedule(blobs: BlobStore, design: "DesignModel") -> str:
    """Keep the tasks of a design, also where there are none; return the blob's digest."""
    told = [task_to_json(task) for task in design.tasks]
    return blobs.put([json.dumps(told, separators=(",", ":"), sort_keys=True).encode()]).sha256


def schedule_of(blobs: BlobStore, revision: ModelRevision) -> tuple[Task, ...] | None:
    """Return the tasks of a revision; None where nobody looked for them when it was taken in."""
    return _tasks(_Kept(blobs, revision.schedule_sha256)) if revision.schedule_sha256 else None


@dataclass(slots=True, eq=False)
class TaskProgress:
    """One task and how its elements stand."""

    task: Task
    elements: int
    """Assigned to it, of those within the scope."""
    counts: dict[Standing, int] = field(default_factory=dict[Standing, int])


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleProgress:
    """How everything stands to the schedule after an epoch; all columns are equally long."""

    check: Id | None
    """None while no check has said anything."""
    epoch: Id | None
    revision: Id | None
    day: date | None
    """Of the scan, by UTC."""
    known: bool = False
    """Whether the revision was looked through for a schedule."""
    counts: dict[Standing, int] = field(default_factory=dict[Standing, int])
    tasks: list[TaskProgress] = field(default_factory=list[TaskProgress])
    storeys: dict[str, dict[Standing, int]] = field(default_factory=dict[str, dict[Standing, int]])
    global_id: list[str] = field(default_factory=list[str])
    name: list[str] = field(default_factory=list[str])
    ifc_class: Coded[str] = field(default_factory=Coded[str])
    storey: Coded[str] = field(default_factory=Coded[str])
    standing: Coded[Standing] = field(default_factory=Coded[Standing])
    task: Coded[str | None] = field(default_factory=Coded[str | None])
    """The task that is to end last."""


def schedule_progress(
    view: View, blobs: BlobStore, project: Id, scope: Scope, *, epoch: Id | None = None, check: Id | None = None
) -> ScheduleProgress:
    """Return how the elements within a scope stand to the schedule of the revision that a check is of.

    Raises
    ------
    NotFound
        If the project has no such check, or it is of another epoch.
    """
    basis = basis_of(view.connection, project, epoch=epoch, check=check)
    if basis is None:
        return ScheduleProgress(None, epoch, None, None)
    day = captured_at(view.connection, basis.epoch).date()
    tasks = schedule_of(blobs, view.get(records.MODEL_REVISION, basis.revision).record)
    told = ScheduleProgress(basis.check, basis.epoch, basis.revision, day, known=tasks is not None)
    if not tasks:
        return told
    visible = visible_elements(view, project, scope)
    told.tasks.extend(_within(tasks, visible))
    plan, of = plan_of(tasks), _by_element(told.tasks)
    for line in seen_of(view.connection, basis.check):
        if visible is not None and line.global_id not in visible:
            continue
        planned = plan.get(line.global_id)
        found = standing(is_built(Status(line.status), Seen(line.seen)), planned, day)
        for counts in (told.counts, told.storeys.setdefault(line.storey, {}), *of.get(line.global_id, ())):
            counts[found] = counts.get(found, 0) + 1
        told.global_id.append(line.global_id)
        told.name.append(line.name)
        told.ifc_class.add(line.ifc_class)
        told.storey.add(line.storey)
        told.standing.add(found)
        told.task.add(planned.task if planned else None)
    return told


def _within(tasks: Iterable[Task], visible: frozenset[str] | None) -> Iterator[TaskProgress]:
    """Yield the tasks that have something to do with what may be seen."""
    for task in tasks:
        elements = len(task.elements) if visible is None else len(visible.intersection(task.elements))
        if visible is None or elements:
            yield TaskProgress(task, elements)


def _by_element(tasks: Iterable[TaskProgress]) -> dict[str, list[dict[Standing, int]]]:
    """Return GlobalId -> the counts of the tasks that build it."""
    found: dict[str, list[dict[Standing, int]]] = {}
    for one in tasks:
        for element in one.task.elements if one.task.builds else ():
            found.setdefault(element, []).append(one.counts)
    return found


class _Kept:
    """Tasks that were kept, the same as others with the same digest: what was read once is remembered."""

    __slots__ = ("blobs", "sha256")

    def __init__(self, blobs: BlobStore, sha256: str) -> None:
        self.blobs, self.sha256 = blobs, sha256

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


@lru_cache(maxsize=8)
def _tasks(kept: _Kept) -> tuple[Task, ...]:
    with kept.blobs.open(kept.sha256) as stream:
        return tuple(map(task_from_json, json.loads(stream.read())))
