"""Scan epochs compared: how the project went, how one element did, and what changed between two scans."""

from typing import Annotated

from fastapi import Query, Request

from api.deps import ProjectId, RowsDep, ServicesDep
from api.packed import as_of, send
from api.routes.elements import GlobalId, require_visible
from api.routing import Routes
from api.schemas.comparison import (
    EpochChangesOut,
    EpochPair,
    ScheduleProgressOut,
    TimelineOut,
    TrendOut,
    schedule_out,
)
from api.schemas.element import EpochQuery
from twin.access import Action
from twin.element_trend import trend_of
from twin.errors import NotFound
from twin.operations.epoch_changes import epoch_changes
from twin.operations.model_schedule import schedule_progress
from twin.store.elements import history_of
from twin.store.epoch_counts import counts_by_epoch
from twin.store.shared_elements import visible_elements

routes = Routes("comparisons")


@routes.get("/projects/{project}/timeline", Action.ELEMENT_READ, "Read the timeline", also=(304,))
def read_timeline(project: ProjectId, request: Request, services: ServicesDep, rows: RowsDep) -> TimelineOut:
    """Return every scan epoch in time, and how many elements have which status after it by the check that counts."""
    with services.store.read() as view:

        def told() -> TimelineOut:
            only = visible_elements(view, project, rows)
            found = counts_by_epoch(view.connection, project, only=only)
            items = [
                {
                    "epoch": one.epoch, "name": one.name, "captured_at": one.captured_at, "check": one.check,
                    "revision": one.revision, "refused": one.refused, "elements": sum(one.counts.values()),
                    "counts": one.counts,
                }
                for one in found
            ]  # fmt: skip
            return TimelineOut.model_validate({"items": items})

        packed = services.packed.get(("timeline", as_of(view, project, rows)), told)
    return send(request, packed)  # pyright: ignore[reportReturnType]  # a response goes out as it is, its schema holds


@routes.get("/projects/{project}/epoch-changes", Action.ELEMENT_READ, "Compare two epochs", also=(304,))
def read_epoch_changes(
    project: ProjectId,
    query: Annotated[EpochPair, Query()],
    request: Request,
    services: ServicesDep,
    rows: RowsDep,
) -> EpochChangesOut:
    """Return what became of every element from one epoch to a later one, by what each of the scans saw itself.

    What a scan did not see is not comparable, and so is what was checked against another shape or judged by other
    limits. An element has moved where its poses are further apart than the expanded uncertainty of both together.
    """
    with services.store.read() as view:

        def told() -> EpochChangesOut:
            found = epoch_changes(view, services.blobs, project, rows, before=query.before, after=query.after)
            return EpochChangesOut.model_validate(found, from_attributes=True)

        key = ("epoch-changes", as_of(view, project, rows), query.before, query.after)
        packed = services.packed.get(key, told)
    return send(request, packed)  # pyright: ignore[reportReturnType]  # a response goes out as it is, its schema holds


@routes.get("/projects/{project}/schedule-progress", Action.ELEMENT_READ, "Hold against the schedule", also=(304,))
def read_schedule_progress(
    project: ProjectId, query: Annotated[EpochQuery, Query()], request: Request, services: ServicesDep, rows: RowsDep
) -> ScheduleProgressOut:
    """Return what was to be built by the day of a scan and what stands, by element, task and storey.

    The schedule is that of the model revision that was checked. What was not seen is never late.
    """
    with services.store.read() as view:

        def told() -> ScheduleProgressOut:
            found = schedule_progress(view, services.blobs, project, rows, epoch=query.epoch, check=query.check)
            return schedule_out(found)

        key = ("schedule", as_of(view, project, rows), query.epoch, query.check)
        packed = services.packed.get(key, told)
    return send(request, packed)  # pyright: ignore[reportReturnType]  # a response goes out as it is, its schema holds


@routes.get("/projects/{project}/elements/{element}/trend", Action.ELEMENT_READ, "Read an element's trend")
def read_element_trend(project: ProjectId, element: GlobalId, services: ServicesDep, rows: RowsDep) -> TrendOut:
    """Return each measured value of an element over the epochs, with U and limits, by the checks that count."""
    with services.store.read() as view:
        require_visible(view, project, rows, element)
        history = history_of(view.connection, project, element)
    if not history:
        raise NotFound(f"there is no element {element}")
    return TrendOut.model_validate(trend_of(history), from_attributes=True)
