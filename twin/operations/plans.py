"""Use cases around inspection plans: drafted or generated, signed and in force, carried out item by item."""

import gzip
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from twin.access import Capacity
from twin.errors import Invalid, NotFound, Refused
from twin.inspection_plan import InspectionPlan, PlanItem
from twin.operations.check import DEFAULT_STANDARD
from twin.operations.inspections import require_capacity
from twin.operations.scenes import scene_files
from twin.operations.steps import advance, begin, take_step
from twin.plan_generation import ElementDescription, GeneratedItems, generate_items
from twin.plan_steps import approve, plan_digest, revise, sign, supersede
from twin.project import Member
from twin.record import Id, Signature, SignatureMeaning
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored, View

if TYPE_CHECKING:
    from geometry.tolerance import ToleranceSet


def draft_plan(
    store: Store,
    context: Context,
    project: Id,
    *,
    title: str,
    specification: str = "",
    discipline: str = "",
    items: tuple[PlanItem, ...] = (),
    reason: str = "",
) -> Stored[InspectionPlan]:
    """Keep the draft of a plan under the project's next number."""
    with store.write(context) as unit:
        found = unit.get(records.PROJECT, project).record
        plan = InspectionPlan(
            unit.new_id(), project, f"{found.key}-ITP-{unit.number(project, 'plan'):04d}", title, context.actor.id,
            specification=specification, discipline=discipline, items=items,
        )  # fmt: skip
        return begin(unit, records.INSPECTION_PLAN, plan, reason=reason)


def items_for(
    store: Store,
    blobs: BlobStore,
    revision: Id,
    *,
    standard: str = "",
    tolerance_mm: Decimal | None = None,
    scan_uncertainty_mm: Mapping[str, Decimal],
    scope: Scope = EVERYTHING,
) -> GeneratedItems:
    """Return the items of a plan for a revision of the model under a tolerance profile.

    Sizes are those of the elements' boxes along the model's axes.

    Parameters
    ----------
    standard, tolerance_mm
        A standard of the catalogue, or one surface tolerance for everything; of neither, the built-in profile.

    Raises
    ------
    Invalid
        If there is no such standard.
    NotFound
        If nothing of the revision has a shape.
    """
    with store.read() as view:
        scene = view.get(records.MODEL_REVISION, revision, scope).record.scene_sha256
    files = scene_files(blobs, scene)
    if "elements.json" not in files:
        raise NotFound("nothing of this revision has a shape to measure")
    with blobs.open(files["elements.json"].sha256) as stream:
        document: dict[str, Any] = json.loads(gzip.decompress(stream.read()))
    elements, storeys = described(document)
    uncertainty = {name: float(value) / 1000.0 for name, value in scan_uncertainty_mm.items()}
    tolerances = _tolerances(standard, tolerance_mm)
    return generate_items(elements, tolerances, storeys=storeys, scan_uncertainty=uncertainty)


def _tolerances(standard: str, tolerance_mm: Decimal | None) -> "ToleranceSet":
    from geometry.errors import GeometryError
    from geometry.tolerance import load_standard, surface_tolerance

    try:
        if tolerance_mm is not None:
            return surface_tolerance(float(tolerance_mm) / 1000.0)
        return load_standard(standard or DEFAULT_STANDARD)
    except GeometryError as error:
        raise Invalid(str(error)) from error


def described(document: Mapping[str, Any]) -> tuple[list[ElementDescription], list[str]]:
    """Return the elements of a scene that have a shape, and its storeys from the bottom up."""
    ids: list[str] = document["global_id"]
    classes, storeys, materials = (_column(document, name) for name in ("ifc_class", "storey", "materials"))
    lowest: dict[str, float] = {}
    found: list[ElementDescription] = []
    for i, global_id in enumerate(ids):
        box: dict[str, Any] = {name: column[i] for name, column in document["box_mm"].items()}
        if box["min_x"] is None:
            continue
        x, y, z = ((box[f"max_{axis}"] - box[f"min_{axis}"]) / 1000.0 for axis in "xyz")
        lowest[storeys[i]] = min(lowest.get(storeys[i], float("inf")), box["min_z"])
        made_of = tuple(one for one in materials[i].split("\n") if one)
        size = (max(x, y), min(x, y), z)
        found.append(ElementDescription(global_id, classes[i], storeys[i], size, materials=made_of))
    return found, sorted(lowest, key=lambda storey: (lowest[storey], storey))


def sign_plan(
    store: Store,
    context: Context,
    plan: Id,
    *,
    capacity: Capacity,
    member: Member,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[InspectionPlan]:
    """Add an approval; who signs has proved again who they are (21 CFR 11.200)."""
    require_capacity(member, capacity)

    def signed(record: InspectionPlan) -> InspectionPlan:
        return sign(record, approval(context, capacity, plan_digest(record)))

    return take_step(
        store, context, records.INSPECTION_PLAN, plan, signed, action="sign", expected=expected, scope=scope
    )


def approve_plan(
    store: Store, context: Context, plan: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[InspectionPlan]:
    """Put an issue into force and take the one before out of force, in one transaction."""
    with store.write(context) as unit:
        old = unit.get(records.INSPECTION_PLAN, plan, scope)
        if old.version != expected:
            return unit.save(records.INSPECTION_PLAN, old.record, expected=expected)  # raises
        before = unit.get(records.INSPECTION_PLAN, old.record.supersedes) if old.record.supersedes else None
        approved = approve(old.record, before.record if before else None, actor=context.actor, now=context.now)
        new = advance(unit, records.INSPECTION_PLAN, old, approved, action="approve")
        if before is not None:
            over = supersede(before.record, approved, actor=context.actor, now=context.now)
            advance(unit, records.INSPECTION_PLAN, before, over, action="supersede")
        return new


def revise_plan(store: Store, context: Context, plan: Id, *, scope: Scope = EVERYTHING) -> Stored[InspectionPlan]:
    """Keep the draft of the next revision of the issue in force; one at a time.

    Raises
    ------
    Refused
        If it is being revised already.
    """
    with store.write(context) as unit:
        old = unit.get(records.INSPECTION_PLAN, plan, scope).record
        draft = revise(old, unit.new_id(), author=context.actor)
        others = unit.all(records.INSPECTION_PLAN, project=old.project, number=old.number)
        if any(other.record.supersedes == plan for other in others):
            raise Refused(f"rev {draft.revision} of {old.number} is in the making already: change that one")
        stored = begin(unit, records.INSPECTION_PLAN, draft, reason=f"rev {old.revision}")
        for organisation in unit.shared_with(plan):
            unit.share(records.INSPECTION_PLAN, draft.id, organisation)
        return stored


def previous_of(view: View, plan: InspectionPlan) -> InspectionPlan | None:
    """Return the issue that a plan supersedes, None for the first."""
    return view.get(records.INSPECTION_PLAN, plan.supersedes).record if plan.supersedes else None


def approval(context: Context, capacity: Capacity, digest: str) -> Signature:
    """Return the signature of who calls, as an approval."""
    return Signature(
        context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, capacity.value, context.now, digest
    )


def _column(document: Mapping[str, Any], name: str) -> list[str]:
    """Return a column of texts that repeat, written out; none where an older scene has none."""
    column = document.get(name)
    if column is None:
        return [""] * int(document["count"])
    return [column["values"][place] for place in column["index"]]
