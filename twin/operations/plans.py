"""Use cases around inspection plans: drafted, signed, in force, revised; what is carried out is in ``executions``."""

import csv
import gzip
import io
import json
from decimal import Decimal
from typing import Any

from twin.access import Capacity
from twin.errors import Refused
from twin.granted import require_granted
from twin.inspection_plan import InspectionPlan, PlanItem
from twin.operations.scenes import scene_files
from twin.operations.steps import advance, begin, take_step
from twin.plan_steps import approve, plan_digest, revise, sign, supersede
from twin.project import MapConversion, Member
from twin.record import Id, Signature, SignatureMeaning
from twin.scan_plan import ScanPlan
from twin.scan_sheet import Outline
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored, View


def draft_plan(
    store: Store,
    context: Context,
    project: Id,
    *,
    title: str,
    specification: str = "",
    discipline: str = "",
    items: tuple[PlanItem, ...] = (),
    identifier: Id = "",
    without_limits: tuple[str, ...] = (),
    scanning: ScanPlan | None = None,
    reason: str = "",
) -> Stored[InspectionPlan]:
    """Keep the draft of a plan under the project's next number.

    Parameters
    ----------
    identifier
        Of the plan, where who asked for it made one; otherwise a new one.
    without_limits, scanning
        What a plan from a model leaves out, and where to scan.
    """
    with store.write(context) as unit:
        found = unit.get(records.PROJECT, project).record
        plan = InspectionPlan(
            identifier or unit.new_id(), project, f"{found.key}-ITP-{unit.number(project, 'plan'):04d}", title,
            context.actor.person,
            specification=specification, discipline=discipline, items=items, without_limits=without_limits,
            scanning=scanning,
        )  # fmt: skip
        return begin(unit, records.INSPECTION_PLAN, plan, reason=reason)


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
    require_granted(member, capacity)

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
        old = unit.take(records.INSPECTION_PLAN, plan, scope, expected=expected)
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


def scanning_of(plan: InspectionPlan) -> ScanPlan:
    """Return where to scan; :class:`Refused` for a plan that was not made from a model."""
    if plan.scanning is None:
        raise Refused(f"{plan.number} was not made from a model: generate one to know where to scan")
    return plan.scanning


def stations_csv(view: View, plan: InspectionPlan) -> str:
    """Return a plan's stations as a table, with map coordinates where the model states its place on the map."""
    scanning = scanning_of(plan)
    place = view.get(records.MODEL_REVISION, scanning.revision).record.map_conversion
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("station", "storey", "x_m", "y_m", "z_m", "adds", "easting", "northing", "height", "crs"))
    for storey in scanning.storeys:
        for s in storey.stations:
            mapped = () if place is None else (*on_map(place, s.x_m, s.y_m, s.z_m), place.crs)
            cells = (s.name, storey.storey, s.x_m, s.y_m, s.z_m, s.adds, *(mapped or ("",) * 4))
            rows.writerow([_harmless(str(cell)) for cell in cells])
    return out.getvalue()


def outlines_of(store: Store, blobs: BlobStore, plan: InspectionPlan) -> dict[str, list[Outline]]:
    """Return what to draw of each storey: the boxes of its elements from above; nothing where no scene is kept."""
    document = scene_document(store, blobs, plan)
    if document is None:
        return {}
    found: dict[str, list[Outline]] = {}
    box, origin, storeys = document["box_mm"], document["origin_m"], document["storey"]
    for i in range(int(document["count"])):
        if box["min_x"][i] is not None:
            sides = [box[name][i] / 1000.0 + origin[k] for name, k in (("min_x", 0), ("min_y", 1))]
            ends = [box[name][i] / 1000.0 + origin[k] for name, k in (("max_x", 0), ("max_y", 1))]
            storey = storeys["values"][storeys["index"][i]]
            found.setdefault(storey, []).append((*sides, *ends))
    return found


def scene_document(store: Store, blobs: BlobStore, plan: InspectionPlan) -> dict[str, Any] | None:
    """Return what the scene of the plan's model says of its elements; None where no scene is kept."""
    with store.read() as view:
        scene = view.get(records.MODEL_REVISION, scanning_of(plan).revision).record.scene_sha256
    files = scene_files(blobs, scene) if scene else {}
    if "elements.json" not in files:
        return None
    with blobs.open(files["elements.json"].sha256) as stream:
        return json.loads(gzip.decompress(stream.read()))


def on_map(place: MapConversion, x: Decimal, y: Decimal, z: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return easting, northing and height of a place in the model (IfcMapConversion), to the millimetre."""
    across, along = place.x_axis_abscissa, place.x_axis_ordinate
    length = (across * across + along * along).sqrt()
    east = place.eastings + place.scale * (x * across - y * along) / length
    north = place.northings + place.scale * (x * along + y * across) / length
    millimetre = Decimal("0.001")
    height = place.orthogonal_height + place.scale * z
    return east.quantize(millimetre), north.quantize(millimetre), height.quantize(millimetre)


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: names come from the model."""
    return f"'{cell}" if cell[:1] in ("=", "+", "@", "\t") or (cell[:1] == "-" and not _number(cell)) else cell


def _number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdigit()


def approval(context: Context, capacity: Capacity, digest: str) -> Signature:
    """Return the signature of who calls, as an approval."""
    return Signature(
        context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, capacity.value, context.now, digest
    )
