"""Use cases around the re-inspection of what was corrected: by a check, by an inspection, by one just signed."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from geometry.verdict import Outcome
from twin import ncr as verbs
from twin.disposition import Decision
from twin.errors import Invalid, Refused
from twin.inspection import Inspection, InspectionState
from twin.inspection_steps import require_suitable
from twin.ncr_criteria import (
    CheckedCharacteristic,
    CheckedElement,
    outcomes_of,
    presence_of,
    requirements_of,
    said_of,
)
from twin.ncr_inspected import by_repair_criteria, inspected_elements
from twin.ncr_parts import Criteria, Equivalence, Recheck, RecheckOutcome, RecheckSource
from twin.ncr_record import NonConformance, State
from twin.operations.counting import require_counting
from twin.operations.steps import advance, take_step
from twin.record import Actor, Id
from twin.store import records
from twin.store.elements import ElementRow, page_of
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View


def recheck_by_check(
    store: Store, context: Context, ncr: Id, check_run: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Let a check that was run before the work was reported as finished re-inspect a record.

    What was captured after the work was finished counts, whenever it was evaluated; what it says of the record's
    elements is taken from what is kept of the check, never from who asks.
    """
    with store.read() as view:
        record = view.get(records.NCR, ncr, scope).record
        run = view.get(records.CHECK_RUN, check_run, Scope(frozenset({record.project}))).record
        require_counting(run)
        captured = view.get(records.SCAN_EPOCH, run.epoch).record.captured_at
        checked = _checked_elements(view, record, run.epoch, check_run)
    told = outcomes_of(record, checked)
    _require_told(record, told, f"check {check_run}")
    recheck = Recheck(check_run, RecheckSource.CHECK_RUN, record.id, captured, told, context.actor)
    return _keep_recheck(store, context, ncr, recheck, expected=expected, scope=scope)


def recheck_by_inspection(
    store: Store,
    context: Context,
    ncr: Id,
    inspection: Id,
    *,
    criteria: Criteria,
    equivalences: tuple[Equivalence, ...] = (),
    reason: str = "",
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Let a signed inspection re-inspect a record: by the original criteria, or those of a repair.

    Parameters
    ----------
    equivalences
        What its questions ask for under other words, said by a person with a ``reason``; their limits still count.
    """
    with store.read() as view:
        record = view.get(records.NCR, ncr, scope).record
        inspected = view.get(records.INSPECTION, inspection, Scope(frozenset({record.project}))).record
        first = _first_number(view, record)
    _require_equivalences(record, inspected, equivalences)
    recheck = recheck_of(record, inspected, criteria, context, first=first, alike=equivalences, reason=reason)
    return _keep_recheck(store, context, ncr, recheck, expected=expected, scope=scope)


def rechecked_by(unit: Unit, inspection: Inspection) -> tuple[Id, ...]:
    """Let an inspection that was just signed re-inspect what it was made for; return the records.

    Those are the record that it names as re-inspected, or those that were raised from the inspection that it names.
    """
    if inspection.reinspects_id is None:
        return ()
    told: list[Id] = []
    waiting = list(unit.all(records.NCR, project=inspection.project, state=State.REINSPECTION.value))
    for stored in waiting:
        if inspection.reinspects_id not in (stored.record.id, stored.record.inspection):
            continue
        first = _first_number(unit, stored.record)
        try:
            recheck = recheck_of(stored.record, inspection, Criteria.ORIGINAL, unit.context, first=first)
            record = verbs.record_recheck(stored.record, recheck, actor=unit.context.actor, now=unit.context.now)
        except Refused:
            continue  # it looked before the work was finished, or by other criteria: it says nothing
        advance(unit, records.NCR, stored, record, action="record_recheck", reason=f"inspection {inspection.number}")
        told.append(stored.record.id)
    return tuple(told)


def recheck_of(
    record: NonConformance,
    inspection: Inspection,
    criteria: Criteria,
    context: Context,
    *,
    first: str = "",
    alike: Iterable[Equivalence] = (),
    reason: str = "",
) -> Recheck:
    """Return what a signed inspection says of a record's corrected elements, as of its first reading.

    Raises
    ------
    Refused
        If it is not signed, in a capacity that re-inspects, or judged nothing of what was violated.
    """
    signature = inspection.signature
    if inspection.state is not InspectionState.SIGNED or signature is None:
        raise Refused(f"inspection {inspection.number} is not signed yet", missing=("the inspector's signature",))
    require_suitable(inspection, signature, again=True)
    same = tuple(alike)
    if criteria is Criteria.ORIGINAL:
        told = outcomes_of(record, inspected_elements(record, inspection, first, same))
    else:
        told = _repaired(record, inspection, same)
    _require_told(record, told, f"inspection {inspection.number}", criteria)
    taken = min((reading.taken_at for reading in inspection.readings), default=context.now)
    by = Actor(signature.signer, signature.signer_name)
    return Recheck(inspection.id, RecheckSource.INSPECTION, record.id, taken, told, by, criteria, same, reason.strip())


def _repaired(
    record: NonConformance, inspection: Inspection, alike: tuple[Equivalence, ...]
) -> tuple[RecheckOutcome, ...]:
    """Return what an inspection says of repaired elements by the criteria of their repair."""
    found = {
        about: by_repair_criteria(inspection, about, line.repair_criteria, alike)
        for line in record.corrections
        for about in (line.global_ids or (line.id,))
        if line.decision is Decision.REPAIR and (not line.global_ids or about in inspection.sample.global_ids)
    }
    return tuple(RecheckOutcome(a, verdict) for a, verdict in found.items() if verdict is not Outcome.NOT_MEASURED)


def _require_told(
    record: NonConformance, told: tuple[RecheckOutcome, ...], what: str, criteria: Criteria = Criteria.ORIGINAL
) -> None:
    """Refuse a record that judged nothing of what was violated, and say what that is."""
    if told:
        return
    corrections = [(line, about) for line in record.corrections for about in (line.global_ids or (line.id,))]
    if criteria is Criteria.REPAIR:
        asked = dict.fromkeys(line.repair_criteria for line, _ in corrections if line.repair_criteria)
    else:
        asked = dict.fromkeys(said_of(one) for _, about in corrections for one in requirements_of(record, about))
    raise Refused(
        f"{what} did not judge what was corrected by what it violated: re-inspect {'; '.join(asked) or 'that'}",
        missing=tuple(f"a re-inspection of {one}" for one in asked) or ("a re-inspection of what was corrected",),
    )


def _require_equivalences(
    record: NonConformance, inspection: Inspection, equivalences: tuple[Equivalence, ...]
) -> None:
    """Refuse what names no question, or nothing that was violated: it would be without effect."""
    asked = {(v.requirement.characteristic, v.requirement.clause) for v in record.violations}
    repairs = {line.repair_criteria for line in record.corrections if line.repair_criteria}
    for one in equivalences:
        inspection.characteristic(one.question)
        if (one.characteristic, one.clause) not in asked and one.clause not in repairs:
            raise Invalid(f"{one.characteristic}, {one.clause} was not violated: name a requirement of the record")


def _first_number(view: View, record: NonConformance) -> str:
    """Return the number of the inspection that a record was raised from; "" for none."""
    return view.get(records.INSPECTION, record.inspection).record.number if record.inspection else ""


def _keep_recheck(
    store: Store, context: Context, ncr: Id, recheck: Recheck, *, expected: int, scope: Scope
) -> Stored[NonConformance]:
    def step(record: NonConformance) -> NonConformance:
        return verbs.record_recheck(record, recheck, actor=context.actor, now=context.now)

    return take_step(
        store, context, records.NCR, ncr, step, action="record_recheck", expected=expected, scope=scope,
        reason=recheck.reason or f"{recheck.source.value} {recheck.id}",
    )  # fmt: skip


def _checked_elements(view: View, record: NonConformance, epoch: Id, check_run: Id) -> Mapping[str, CheckedElement]:
    """Return what is kept of a check about a record's elements."""
    if not record.global_ids:
        return {}
    rows = page_of(
        view.connection, record.project, epoch, where={"check_run": check_run, "global_id": record.global_ids},
        limit=len(record.global_ids),
    ).items  # fmt: skip
    return {row.state.global_id: _checked(row) for row in rows}


def _checked(row: ElementRow) -> CheckedElement:
    verdict = Outcome(row.verdict)
    measured = [_characteristic(one) for one in row.measured.get("measurements", ())]
    return CheckedElement(row.state.global_id, verdict, (*measured, presence_of(verdict)))


def _characteristic(one: Mapping[str, Any]) -> CheckedCharacteristic:
    actual, lower, upper, uncertainty = (
        None if one[name] is None else Decimal(str(one[name]))
        for name in ("actual_mm", "lower_mm", "upper_mm", "expanded_uncertainty_mm")
    )
    verdict = Outcome(one["verdict"])
    return CheckedCharacteristic(one["characteristic"], one["source"], verdict, actual, lower, upper, uncertainty)
