"""Elements: what is known of each after each epoch. Suppliers see those of the records that are shared with them."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Query, Request

from api.deps import ContextDep, MemberDep, PagerDep, ProjectId, RowsDep, ServicesDep
from api.packed import as_of, send
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.element import (
    ChangeOut,
    CountOut,
    CountsOut,
    ElementDetail,
    ElementOut,
    ElementQuery,
    EpochQuery,
    OverrideIn,
    OverrideOut,
    Standing,
    element_detail,
    element_out,
    override_out,
)
from api.schemas.element_columns import ElementColumnsOut
from geometry.verdict import Outcome
from twin.access import Action
from twin.element_state import Status
from twin.errors import NotFound
from twin.operations.design_changes import changes_since
from twin.operations.element_columns import element_columns
from twin.operations.overrides import Statement, in_force, state_otherwise, statements_on
from twin.operations.sign_in import confirm_identity
from twin.record import Id
from twin.revision_diff import Change
from twin.store.elements import basis_of, counts_of, element_in, history_of, ids_of, page_of
from twin.store.records import CHECK_RUN
from twin.store.shared_elements import visible_elements
from twin.store.view import Scope, View
from twin.verdict_override import VerdictOverride

routes = Routes("elements")
GlobalId = Annotated[
    str, Path(description="GlobalId", pattern=r"^[0-9A-Za-z_$]{1,64}$", examples=["2O2Fr$t4X7Zf8NOew3FLOH"])
]


@routes.get("/projects/{project}/elements", Action.ELEMENT_READ, "List elements")
def list_elements(
    project: ProjectId, query: Filtered[ElementQuery], services: ServicesDep, rows: RowsDep, pager: PagerDep
) -> Listed[ElementOut]:
    """Return the elements of an epoch by GlobalId, as the check that counts says. All pages are of the same check."""
    position = pager.position(query)
    where = {name: value for name, value in query.filters().items() if name not in ("epoch", "check", "q")}
    with services.store.read() as view:
        named = str(position[0]) if position else query.check
        basis = basis_of(view.connection, project, epoch=query.epoch, check=named)
        if basis is None:
            return Listed[ElementOut](items=[], next=None)
        page = page_of(
            view.connection, project, basis.epoch, where={**where, "check_run": basis.check},
            after=str(position[1]) if position else "", limit=query.limit,
            only=visible_elements(view, project, rows), text=query.q or "",
        )  # fmt: skip
        changes = changes_since(view, services.blobs, project, basis.revision)
        standing = Standing(basis.counts, changes, in_force(view, project, basis.check))
    more = (basis.check, page.next) if page.next is not None else None
    items = [element_out(row, standing) for row in page.items]
    return Listed[ElementOut](items=items, next=pager.point(query, more))


@routes.get("/projects/{project}/element-counts", Action.ELEMENT_READ, "Count elements")
def count_elements(
    project: ProjectId, query: Annotated[EpochQuery, Query()], services: ServicesDep, rows: RowsDep
) -> CountsOut:
    """Return how many elements have which state and verdict after an epoch, and what the design did to them since."""
    with services.store.read() as view:
        basis = basis_of(view.connection, project, epoch=query.epoch, check=query.check)
        if basis is None:
            return CountsOut(epoch=query.epoch, check=None, revision=None, elements=0, counts=[], design_changes=[])
        visible = visible_elements(view, project, rows)
        counts = counts_of(view.connection, project, basis.epoch, check=basis.check, only=visible)
        changes = changes_since(view, services.blobs, project, basis.revision)
        known = ids_of(view.connection, project, basis.epoch, check=basis.check, only=visible) if changes else set()
    told = [
        CountOut(state=Status(state), verdict=Outcome(verdict), elements=n)
        for (state, verdict), n in sorted(counts.items())
    ]
    return CountsOut(
        epoch=basis.epoch, check=basis.check, revision=basis.revision, elements=sum(counts.values()), counts=told,
        design_changes=None if changes is None else _counted(changes, known, everything=visible is None),
    )  # fmt: skip


@routes.get(
    "/projects/{project}/element-columns", Action.ELEMENT_READ, "Read what is known of all elements", also=(304,)
)
def read_element_columns(
    project: ProjectId, query: Annotated[EpochQuery, Query()], request: Request, services: ServicesDep, rows: RowsDep
) -> ElementColumnsOut:
    """Return all elements of a check at once, a column per property: what a view colours by. The check as in the list.

    Nonconformances, findings and what the design did are as they are now, whichever epoch is asked for.
    """
    with services.store.read() as view:

        def told() -> ElementColumnsOut:
            found = element_columns(view, services.blobs, project, rows, epoch=query.epoch, check=query.check)
            return ElementColumnsOut.model_validate(found, from_attributes=True)

        packed = services.packed.get((as_of(view, project, rows), query.epoch, query.check), told)
    return send(request, packed)  # pyright: ignore[reportReturnType]  # a response goes out as it is, its schema holds


@routes.get("/projects/{project}/elements/{element}", Action.ELEMENT_READ, "Read an element")
def read_element(
    project: ProjectId, element: GlobalId, query: Annotated[EpochQuery, Query()], services: ServicesDep, rows: RowsDep
) -> ElementDetail:
    """Return an element after an epoch: its state, what was measured with U and clause, and what proves it."""
    with services.store.read() as view:
        require_visible(view, project, rows, element)
        basis = basis_of(view.connection, project, epoch=query.epoch, check=query.check)
        if basis is None:
            raise NotFound(f"there is no element {element}: nothing was checked yet")
        row = element_in(view.connection, project, basis.epoch, element, check=basis.check)
        run = view.get(CHECK_RUN, row.state.epoch.check).record
        changes = changes_since(view, services.blobs, project, basis.revision)
        standing = Standing(basis.counts, changes, in_force(view, project, basis.check))
    return element_detail(row, run, standing)


@routes.get("/projects/{project}/elements/{element}/history", Action.ELEMENT_READ, "Read an element's history")
def read_element_history(
    project: ProjectId, element: GlobalId, services: ServicesDep, rows: RowsDep
) -> Listed[ElementOut]:
    """Return what every check said of an element, the earliest capture first; of an epoch the one that counts last."""
    with services.store.read() as view:
        require_visible(view, project, rows, element)
        history = history_of(view.connection, project, element)
        revisions = {row.state.epoch.revision for row, _ in history}
        changes = {revision: changes_since(view, services.blobs, project, revision) for revision in revisions}
        stated = {one.record.check_run: one.record for one in statements_on(view, project, element)}
    if not history:
        raise NotFound(f"there is no element {element}")
    items = [
        element_out(row, Standing(counts, changes[row.state.epoch.revision], _of(stated, row.state.epoch.check)))
        for row, counts in history
    ]
    return Listed[ElementOut](items=items)


@routes.get("/projects/{project}/elements/{element}/overrides", Action.ELEMENT_READ, "Read what people state")
def list_overrides(
    project: ProjectId, element: GlobalId, services: ServicesDep, rows: RowsDep
) -> Listed[OverrideOut]:  # fmt: skip
    """Return every statement beside a verdict on an element, oldest first, those that are over as well."""
    with services.store.read() as view:
        require_visible(view, project, rows, element)
        found = statements_on(view, project, element)
    last = {one.record.check_run: one.record.id for one in found}
    return Listed[OverrideOut](items=[override_out(one, last[one.record.check_run]) for one in found])


@routes.post(
    "/projects/{project}/elements/{element}/overrides", Action.VERDICT_OVERRIDE, "State something else by signature",
    status=201, secret=True,
)  # fmt: skip
def create_override(
    element: GlobalId, given: OverrideIn, member: MemberDep, context: ContextDep, services: ServicesDep
) -> OverrideOut:  # fmt: skip
    """State pass or fail beside what a check says of an element, signed as quality manager; it keeps its own.

    It ends with the next check. Not where the design is in doubt, where nothing was seen, nor to pass what a
    nonconformance is about. `verdict` null takes the statement before back.
    """
    confirm_identity(services.store, context, services.hasher, context.actor.id, given.password)
    statement = Statement(given.check, element, given.verdict, given.reason)
    stored = state_otherwise(services.store, context, member, statement)
    return override_out(stored, stored.record.id)


def _counted(changes: Mapping[str, Change], known: set[str], *, everything: bool) -> list[ChangeOut]:
    """Return how many elements changed in which way; whoever sees only some does not see what is new."""
    found = Counter(
        change
        for global_id, change in changes.items()
        if change is not Change.NONE and (global_id in known or (everything and change is Change.ADDED))
    )
    return [ChangeOut(change=change, elements=found[change]) for change in Change if found[change]]


def _of(stated: Mapping[Id, VerdictOverride], check: Id) -> Mapping[str, VerdictOverride]:
    one = stated.get(check)
    return {one.global_id: one} if one and one.verdict is not None else {}


def require_visible(view: View, project: Id, rows: Scope, element: str) -> None:
    """Raise :class:`NotFound` for an element that an outside organisation may not see."""
    visible = visible_elements(view, project, rows)
    if visible is not None and element not in visible:
        raise NotFound(f"there is no element {element}")
