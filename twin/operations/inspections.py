"""Use cases around inspections: planned by number, signed by who carried them out, and what follows from a verdict."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.characteristic import InspectionCharacteristic
from twin.errors import Conflict, Invalid, NotFound, Refused
from twin.execution_record import PlanExecution
from twin.finding import Severity
from twin.granted import require_granted
from twin.inspection import Basis, GeneralRule, Inspection, InspectionState, PlanPin
from twin.inspection_lot import Sample, draw_sample, minimum_sample, whole_lot
from twin.inspection_plan import PlanStatus
from twin.inspection_quantity import (
    Extent,
    accept_on_ncr,
    accept_on_reinspection,
    accept_on_verdict,
    inspect_again,
    restore_quantity,
)
from twin.inspection_steps import sign, signing_digest
from twin.inspection_verdict import verdict
from twin.ncr import draft_from_inspection
from twin.ncr_record import NonConformance, State
from twin.operations.ncr_rechecks import rechecked_by
from twin.operations.ncrs import language_of
from twin.operations.notices import face_of, tell
from twin.operations.steps import advance, begin, take_step
from twin.plan_questions import inspection_for
from twin.project import Member
from twin.record import Id, Signature, SignatureMeaning
from twin.record_report.titles import inspection_title
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many of a lot are looked at; None for as many as the table asks (GB 50300-2013, table 3.0.9)."""

    size: int | None = None
    seed: int = 0
    everything: bool = False
    """All of them, whatever ``size`` says."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """Which item of which issue of a plan an inspection follows, on which revision of the model."""

    plan: Id
    item: Id
    model_revision: Id


def plan_inspection(
    store: Store,
    context: Context,
    project: Id,
    *,
    title: str,
    lot: tuple[str, ...],
    quantity: Decimal,
    unit: str,
    sampling: Sampling,
    characteristics: tuple[InspectionCharacteristic, ...],
    general_rule: GeneralRule = GeneralRule.SHARE,
    pinned: Pinned | None = None,
    reinspects_ncr: Id | None = None,
) -> Stored[Inspection]:
    """Plan an inspection of a lot under the project's next number.

    Parameters
    ----------
    reinspects_ncr
        A nonconformance whose correction it re-inspects: signing it records that there.
    """
    with store.write(context) as change:
        if reinspects_ncr is not None:
            change.get(records.NCR, reinspects_ncr, _only(project))
        pin = _pin(change, project, pinned) if pinned else None
        inspection = Inspection(
            id=change.new_id(), project=project, number=_number(change, project), title=title, lot=lot,
            quantity=quantity, unit=unit, sample=_sample(lot, sampling), characteristics=characteristics, pin=pin,
            general_rule=general_rule, reinspects_id=reinspects_ncr,
        )  # fmt: skip
        return begin(change, records.INSPECTION, inspection)


def plan_for_execution(
    store: Store,
    context: Context,
    execution: Id,
    *,
    quantity: Decimal | None = None,
    unit: str = "",
    scope: Scope = EVERYTHING,
) -> Stored[Inspection]:
    """Plan the inspection that an item, begun at a place, asks for: its questions, its limits, as many.

    Raises
    ------
    Conflict
        If one is planned or going on already.
    """
    with store.write(context) as change:
        begun = change.get(records.PLAN_EXECUTION, execution, scope).record
        item = change.get(records.INSPECTION_PLAN, begun.plan).record.item(begun.item)
        going = unsigned_by_execution(change, [begun])[begun.id]
        if going:
            raise Conflict(f"{going[0].number} is planned for '{begun.activity}' already: carry it out")
        inspection = inspection_for(
            begun, item, change.new_id(), _number(change, begun.project), quantity=quantity, unit=unit
        )
        return begin(change, records.INSPECTION, inspection)


def unsigned_by_execution(
    view: View, executions: Sequence[PlanExecution], scope: Scope = EVERYTHING
) -> Mapping[Id, tuple[Inspection, ...]]:
    """Return the inspections planned or going on for each execution: of its item, issue and model, its elements."""
    plans = tuple({one.plan for one in executions})
    if not plans:
        return {}
    live = tuple(state.value for state in (InspectionState.PLANNED, InspectionState.IN_PROGRESS))
    found = [stored.record for stored in view.all(records.INSPECTION, scope, plan=plans, status=live)]
    return {one.id: tuple(each for each in found if _is_for(each, one)) for one in executions}


def _is_for(inspection: Inspection, execution: PlanExecution) -> bool:
    pinned = PlanPin(execution.plan, execution.plan_revision, execution.item, execution.model_revision)
    return inspection.pin == pinned and not set(inspection.lot).isdisjoint(execution.global_ids)


def plan_reinspection(
    store: Store,
    context: Context,
    inspection: Id,
    global_ids: Collection[str],
    quantity: Decimal,
    *,
    extent: Extent = Extent.EACH,
    scope: Scope = EVERYTHING,
) -> Stored[Inspection]:
    """Plan to inspect some elements of a signed inspection again, by its own criteria: each, or a new sample."""
    with store.write(context) as unit:
        old = unit.get(records.INSPECTION, inspection, scope).record
        again = inspect_again(old, unit.new_id(), _number(unit, old.project), global_ids, quantity, extent=extent)
        return begin(unit, records.INSPECTION, again)


def sign_inspection(
    store: Store,
    context: Context,
    inspection: Id,
    *,
    capacity: Capacity,
    member: Member,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[Inspection]:
    """Sign what was found, and let it re-inspect what it was made for, in one transaction.

    Who signs has proved again who they are before this is called (21 CFR 11.200).

    Raises
    ------
    NotAllowed
        If the membership does not grant the capacity.
    """
    require_granted(member, capacity)
    with store.write(context) as unit:
        old = unit.take(records.INSPECTION, inspection, scope, expected=expected)
        signature = Signature(
            context.actor.id, context.actor.name, SignatureMeaning.AUTHORSHIP, capacity.value, context.now,
            signing_digest(old.record),
        )  # fmt: skip
        signed = sign(old.record, signature, actor=context.actor, now=context.now)
        new = advance(unit, records.INSPECTION, old, signed, action="sign")
        rechecked_by(unit, signed)
        face = face_of(signed)
        if face is not None and verdict(signed).outcome is Outcome.FAIL:
            tell(unit, face, "failed", more={"suggests": "an NCR"})
        return new


def raise_from_inspection(
    store: Store,
    context: Context,
    inspection: Id,
    *,
    title: str = "",
    severity: Severity,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Keep the draft of a nonconformance that a failed inspection suggests: once.

    Raises
    ------
    Conflict
        If there is one already.
    """
    with store.write(context) as unit:
        found = unit.get(records.INSPECTION, inspection, scope).record
        known = ncrs_of(unit, found)
        if known:
            raise Conflict(f"{known[0].number or 'a draft'} was raised from {found.number} already")
        own = inspection_title(found.title, found.number, language_of(unit, found.project))
        draft = draft_from_inspection(
            found, identifier=unit.new_id(), title=title.strip() or own, severity=severity, actor=context.actor,
            now=context.now,
        )  # fmt: skip
        return begin(unit, records.NCR, draft, reason=f"inspection {found.number}")


def ncrs_of(view: View, inspection: Inspection) -> list[NonConformance]:
    """Return the nonconformances that were raised from an inspection, and are not void."""
    mine = view.all(records.NCR, project=inspection.project, global_id=inspection.lot)
    return [s.record for s in mine if s.record.inspection == inspection.id and s.record.state is not State.VOID]


def accept_lot(
    store: Store,
    context: Context,
    inspection: Id,
    quantity: Decimal,
    basis: Basis,
    *,
    basis_id: Id = "",
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[Inspection]:
    """Accept some of a lot: on the verdict, on a passing re-inspection, on an NCR that was closed.

    Raises
    ------
    Refused
        If what it rests on does not bear it.
    """
    with store.read() as view:
        project = _only(view.get(records.INSPECTION, inspection, scope).record.project)
        again = view.get(records.INSPECTION, basis_id, project).record if basis is Basis.REINSPECTION else None
        ncr = _ncr(view, basis_id, project) if basis in (Basis.NCR_CLOSED, Basis.CONCESSION) else None

    def accepted(record: Inspection) -> Inspection:
        if again is not None:
            return accept_on_reinspection(record, again, quantity, actor=context.actor, now=context.now)
        if ncr is not None:
            return accept_on_ncr(record, ncr, quantity, basis, actor=context.actor, now=context.now)
        return accept_on_verdict(record, quantity, actor=context.actor, now=context.now)

    return take_step(
        store, context, records.INSPECTION, inspection, accepted, action="accept", expected=expected, scope=scope
    )


def restore_lot(
    store: Store,
    context: Context,
    inspection: Id,
    quantity: Decimal,
    ncr: Id,
    *,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[Inspection]:
    """Make some of what was rejected pending again, since it was reworked under an NCR that is closed.

    Raises
    ------
    Refused
        If the record is not about this lot and what failed in it, is not closed, or did not correct so much.
    """
    with store.read() as view:
        found = view.get(records.NCR, ncr, _only(view.get(records.INSPECTION, inspection, scope).record.project)).record
    return take_step(
        store, context, records.INSPECTION, inspection,
        lambda i: restore_quantity(i, found, quantity, actor=context.actor, now=context.now), action="restore",
        expected=expected, scope=scope,
    )  # fmt: skip


def _number(unit: Unit, project: Id) -> str:
    key = unit.get(records.PROJECT, project).record.key
    return f"{key}-INS-{unit.number(project, 'inspection'):04d}"


def _sample(lot: tuple[str, ...], sampling: Sampling) -> Sample:
    if sampling.everything:
        return whole_lot(lot)
    size = minimum_sample(len(lot)) if sampling.size is None else sampling.size
    source = {} if sampling.size is None else {"source": f"{sampling.size} of {len(lot)}, as was asked"}
    return draw_sample(lot, size, seed=sampling.seed, **source)


def _pin(view: View, project: Id, pinned: Pinned) -> PlanPin:
    plan = view.get(records.INSPECTION_PLAN, pinned.plan, _only(project)).record
    view.get(records.MODEL_REVISION, pinned.model_revision, _only(project))
    if plan.status is not PlanStatus.APPROVED:
        raise Refused(f"{plan.number} rev {plan.revision} is {plan.status}: follow the issue that is in force")
    return PlanPin(plan.id, plan.revision, plan.item(pinned.item).id, pinned.model_revision)


def _ncr(view: View, ncr: Id, project: Scope) -> NonConformance:
    try:
        return view.get(records.NCR, ncr, project).record
    except NotFound as error:
        raise Invalid("name the NCR by its identifier, of this project") from error


def _only(project: Id) -> Scope:
    return Scope(frozenset({project}))
