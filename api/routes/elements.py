"""Elements: what is known of each after each epoch. Suppliers see those of the records that are shared with them."""

from typing import Annotated

from fastapi import Path, Query

from api.deps import PagerDep, ProjectId, RowsDep, StoreDep
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.element import (
    CountOut,
    CountsOut,
    ElementDetail,
    ElementOut,
    ElementQuery,
    EpochQuery,
    element_detail,
    element_out,
)
from geometry.verdict import Outcome
from twin.access import Action
from twin.element_state import Status
from twin.errors import NotFound
from twin.record import Id
from twin.store.elements import ElementPage, counts_of, element_in, history_of, latest_epoch, page_of
from twin.store.records import CHECK_RUN
from twin.store.shared_elements import visible_elements
from twin.store.view import Scope, View

routes = Routes("elements")
GlobalId = Annotated[
    str, Path(description="GlobalId", pattern=r"^[0-9A-Za-z_$]{1,64}$", examples=["2O2Fr$t4X7Zf8NOew3FLOH"])
]


@routes.get("/projects/{project}/elements", Action.ELEMENT_READ, "List elements")
def list_elements(
    project: ProjectId, query: Filtered[ElementQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[ElementOut]:
    """Return the elements of an epoch by GlobalId. All pages are of the epoch of the first one."""
    position = pager.position(query)
    where = {name: value for name, value in query.filters().items() if name not in ("epoch", "q")}
    with store.read() as view:
        epoch = str(position[0]) if position else query.epoch or latest_epoch(view.connection, project)
        page = ElementPage((), None)
        if epoch is not None:
            page = page_of(
                view.connection, project, epoch, where=where, after=str(position[1]) if position else "",
                limit=query.limit, only=visible_elements(view, project, rows), text=query.q or "",
            )  # fmt: skip
    more = (str(epoch), page.next) if page.next is not None else None
    return Listed[ElementOut](items=[element_out(row) for row in page.items], next=pager.point(query, more))


@routes.get("/projects/{project}/element-counts", Action.ELEMENT_READ, "Count elements")
def count_elements(
    project: ProjectId, query: Annotated[EpochQuery, Query()], store: StoreDep, rows: RowsDep
) -> CountsOut:
    """Return how many elements have which state and verdict after an epoch."""
    counts: dict[tuple[str, str], int] = {}
    with store.read() as view:
        epoch = query.epoch or latest_epoch(view.connection, project)
        if epoch is not None:
            counts = counts_of(view.connection, project, epoch, only=visible_elements(view, project, rows))
    told = [
        CountOut(state=Status(state), verdict=Outcome(verdict), elements=n)
        for (state, verdict), n in sorted(counts.items())
    ]
    return CountsOut(epoch=epoch, elements=sum(counts.values()), counts=told)


@routes.get("/projects/{project}/elements/{element}", Action.ELEMENT_READ, "Read an element")
def read_element(
    project: ProjectId, element: GlobalId, query: Annotated[EpochQuery, Query()], store: StoreDep, rows: RowsDep
) -> ElementDetail:
    """Return an element after an epoch: its state, what was measured with U and clause, and what proves it."""
    with store.read() as view:
        _require_visible(view, project, rows, element)
        epoch = query.epoch or latest_epoch(view.connection, project)
        if epoch is None:
            raise NotFound(f"there is no element {element}: nothing was checked yet")
        row = element_in(view.connection, project, epoch, element)
        run = view.get(CHECK_RUN, row.state.epoch.check).record
    return element_detail(row, run)


@routes.get("/projects/{project}/elements/{element}/history", Action.ELEMENT_READ, "Read an element's history")
def read_element_history(project: ProjectId, element: GlobalId, store: StoreDep, rows: RowsDep) -> Listed[ElementOut]:
    """Return what was known of an element after each epoch, the earliest capture first."""
    with store.read() as view:
        _require_visible(view, project, rows, element)
        history = history_of(view.connection, project, element)
    if not history:
        raise NotFound(f"there is no element {element}")
    return Listed[ElementOut](items=[element_out(row) for row in history])


def _require_visible(view: View, project: Id, rows: Scope, element: str) -> None:
    visible = visible_elements(view, project, rows)
    if visible is not None and element not in visible:
        raise NotFound(f"there is no element {element}")
