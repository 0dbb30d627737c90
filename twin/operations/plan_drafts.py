"""Drafting a plan from a model: what to measure, how, how many, and where to scan. Long work, done as a job."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from twin.errors import Invalid, NotFound
from twin.inspection_plan import InspectionPlan, Method
from twin.operations.check import DEFAULT_STANDARD, usable_cores
from twin.operations.plans import draft_plan
from twin.operations.work import Upload, Work, fetched
from twin.plan_generation import ElementDescription, GeneratedItems, generate_items
from twin.record import Id
from twin.scan_plan import Scanner, ScanPlan
from twin.store import records
from twin.store.view import Stored

if TYPE_CHECKING:
    from geometry.design import DesignModel
    from geometry.tolerance import ToleranceSet


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """Which plan is asked for."""

    identifier: Id
    """The plan's, made by who asked, so that work that was interrupted and repeated makes one plan."""
    project: Id
    revision: Id
    title: str
    standard: str = ""
    """Of the catalogue; of neither this nor ``tolerance_mm``, the built-in profile."""
    tolerance_mm: str = ""
    """One surface tolerance for everything instead."""
    scan_uncertainty_mm: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Characteristic to U (k = 2) that a scan should reach; what is not named is measured by hand."""
    scanner: Scanner = field(default_factory=Scanner)


def draft_ordered_plan(work: Work, order: PlanOrder) -> Stored[InspectionPlan]:
    """Draft a plan for a revision of the model and keep it with its stations; done before, it is done.

    Raises
    ------
    NotFound
        If nothing of the revision has a shape.
    """
    from geometry.readers import read_design

    with work.store.read() as view:
        done = view.find(records.INSPECTION_PLAN, id=order.identifier)
        revision = view.get(records.MODEL_REVISION, order.revision).record
    if done:
        return done
    with fetched(work, Upload(revision.file_name, revision.sha256)) as path:
        design = read_design(
            path, workers=usable_cores(), cache_dir=work.cache_dir,
            progress=lambda share: work.progress("tessellating", share),
        )  # fmt: skip
    if not design.elements:
        raise NotFound("nothing of this revision has a shape to measure")
    made, scanning = plan_from_design(work, order, design)
    return draft_plan(
        work.store, work.context(), order.project, title=order.title, items=made.items, identifier=order.identifier,
        without_limits=made.without_limits, scanning=scanning, reason=f"from revision {order.revision}",
    )  # fmt: skip


def plan_from_design(work: Work, order: PlanOrder, design: "DesignModel") -> tuple[GeneratedItems, ScanPlan]:
    """Return the items of a plan, with what no station sees measured by hand, and the stations."""
    from twin.scan_layout import plan_scan

    elements, storeys = described(design)
    tolerances = tolerances_of(order.standard, order.tolerance_mm)
    uncertainty = {name: float(value) / 1000.0 for name, value in order.scan_uncertainty_mm.items()}
    # what a scan cannot judge against a shape that is itself in doubt is measured by hand
    suspect = frozenset(g for g, element in design.elements.items() if element.suspect)
    first = generate_items(elements, tolerances, storeys=storeys, scan_uncertainty=uncertainty, unseen=suspect)
    wanted = {g for item in first.items if item.method is Method.SCAN_VS_BIM for g in item.global_ids}
    scanning = plan_scan(
        design, wanted, revision=order.revision, scanner=order.scanner,
        progress=lambda share: work.progress("looking where to scan", share),
    )  # fmt: skip
    hidden = suspect | set(scanning.unseen)
    made = generate_items(elements, tolerances, storeys=storeys, scan_uncertainty=uncertainty, unseen=hidden)
    nothing = sorted({*made.without_limits, *design.without_geometry})
    return GeneratedItems(made.items, tuple(nothing)), scanning


def tolerances_of(standard: str, tolerance_mm: str) -> "ToleranceSet":
    """Return what a plan measures against; :class:`Invalid` if there is no such standard."""
    from geometry.errors import GeometryError
    from geometry.tolerance import load_standard, surface_tolerance

    try:
        if tolerance_mm:
            return surface_tolerance(float(tolerance_mm) / 1000.0)
        return load_standard(standard or DEFAULT_STANDARD)
    except GeometryError as error:
        raise Invalid(str(error)) from error


def require_measurable(characteristics: Iterable[str]) -> None:
    """Raise :class:`Invalid` for what no scan measures: a typing error would leave it to be measured by hand."""
    from geometry.tolerance import CHARACTERISTICS

    unknown = sorted(set(characteristics) - set(CHARACTERISTICS))
    if unknown:
        raise Invalid(f"scan_uncertainty_mm: nothing is called {unknown[0]!r}; there is {', '.join(CHARACTERISTICS)}")


def described(design: "DesignModel") -> tuple[list[ElementDescription], list[str]]:
    """Return the elements of a design that have a shape, and its storeys from the bottom up.

    Sizes are those of the element itself however it is turned in plan: a wall at 45 degrees is as thick as any other.
    """
    from geometry.part_sizes import part_sizes
    from geometry.plan import plan_rectangle

    lowest: dict[str, float] = {}
    found: list[ElementDescription] = []
    for global_id, element in design.elements.items():
        if not len(element.mesh.faces):
            continue
        low, high = element.mesh.bounds()
        length, width = plan_rectangle(element.mesh.vertices).lengths.tolist()
        lowest[element.storey] = min(lowest.get(element.storey, float("inf")), float(low[2]))
        size = (length, width, float(high[2] - low[2]))
        found.append(
            ElementDescription(
                global_id, element.ifc_class, element.storey, size, materials=element.materials,
                predefined_type=element.predefined_type, parts=part_sizes(element),
            )
        )  # fmt: skip
    return found, sorted(lowest, key=lambda storey: (lowest[storey], storey))
